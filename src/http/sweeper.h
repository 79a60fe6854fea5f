// One thread that looks every 200 ms for connections whose deadline is due. Idle and held connections cost
// nothing in between: the table keeps the deadlines in order.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "http/connection_table.h"

namespace countersign::http {

class Sweeper {
 public:
  Sweeper(ConnectionTable& table, const Clock& clock) : table_(table), clock_(clock) {}
  ~Sweeper() { stop(); }
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  void start();
  void stop();

 private:
  void run();

  ConnectionTable& table_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace countersign::http
