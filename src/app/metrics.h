// Prometheus text for /metrics. Base units, bounded labels: route patterns, never paths, ids or names.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/guard.h"

namespace countersign::app {

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();

  void answered(const http::Answered& answered);
  // A value that is read when somebody asks.
  void gauge(const std::string& name, const std::string& help, std::function<double()> read);
  void count(const std::string& name, const std::string& help, std::function<double()> read);

  std::string text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::app
