// A running broker: the application behind its two listeners, its jobs, and an orderly end.
#pragma once

#include <memory>

#include "app/application.h"
#include "app/jobs.h"
#include "app/ready_file.h"
#include "http/server.h"

namespace countersign::app {

class Broker {
 public:
  // Listens, so that a taken port is noticed before the database is touched and the real port is known;
  // answers nothing before serve(). Throws as http::Server::start and Application do.
  Broker(ApplicationOptions options, const Clock& clock, Random& random, Log& log);
  ~Broker();

  Application& application() { return *application_; }
  const Endpoints& endpoints() const { return endpoints_; }

  void serve();
  // Held polls are answered, accepted writes commit, nothing new begins; at most `patience`.
  void shut_down(std::chrono::milliseconds patience);

 private:
  void answer_ops(const http::Request& request, http::Responder responder);
  void add_metrics();

  Log& log_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> ops_server_;
  Endpoints endpoints_;
  std::unique_ptr<Application> application_;
  std::atomic<bool> serving_{false};
  Jobs jobs_;
  Jobs network_jobs_;  // a thread of their own: a slow provider delays no other job
};

}  // namespace countersign::app
