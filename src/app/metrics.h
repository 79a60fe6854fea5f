// Prometheus text for /metrics. Base units, bounded labels: route patterns, never paths, ids or names.
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
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
  // Several under one name, told apart by one label whose values are words of ours.
  using Counts = std::map<std::string, std::int64_t>;
  void counts(const std::string& name, const std::string& help, const std::string& label, std::function<Counts()> read);

  std::string text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::app
