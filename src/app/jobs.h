// Runs named pieces of work on time, on one thread. A piece that throws is logged and comes round again:
// this is the one loop besides the guard that may catch everything. stop() waits for the running one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"

namespace countersign::app {

class Jobs {
 public:
  explicit Jobs(Log& log) : log_(log) {}
  ~Jobs() { stop(); }

  // Before start().
  void every(std::chrono::milliseconds period, std::string name, std::function<void()> work);
  void start();
  void stop();

 private:
  struct Job {
    std::chrono::milliseconds period;
    std::string name;
    std::function<void()> work;
    SteadyInstant next;
    std::string last_error;  // the same failure is logged once
  };
  void run();
  void run_one(Job& job);

  Log& log_;
  std::vector<Job> jobs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace countersign::app
