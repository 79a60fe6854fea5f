// All live connections of one server: who may come in, and whose deadline is due next.
//
// Thread-safe. Lock order: a connection's mutex may be held when coming in here, never the other way
// round, so the table hands connections out and calls nothing. Owns the connections until remove().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace countersign::http {

class Connection;

class ConnectionTable {
 public:
  struct Caps {
    std::size_t connections = 0;
    std::size_t per_address = 0;  // 0: none
  };
  enum class Admission {
    kWelcome,
    kRefused,  // over a cap: to be told so
    kFlooded,  // over a cap, and so many are being told already that this one is just closed
  };

  explicit ConnectionTable(const Caps& caps) : caps_(caps) {}

  // Takes the connection in any case: until it is gone it holds a descriptor. `group` is what
  // the cap per address counts by, empty for no such cap.
  Admission add(std::uint64_t id, std::shared_ptr<Connection> connection, std::string group);
  void remove(std::uint64_t id);

  // At `when` the connection comes out of take_due(), once. Replaces the time set before.
  void schedule(std::uint64_t id, SteadyInstant when);
  std::vector<std::shared_ptr<Connection>> take_due(SteadyInstant now);

  std::vector<std::shared_ptr<Connection>> all() const;
  std::size_t size() const;

 private:
  using Deadlines = std::multimap<SteadyInstant, std::uint64_t>;
  struct Entry {
    std::shared_ptr<Connection> connection;
    std::string group;
    bool welcome = false;
    Deadlines::iterator deadline;
  };

  Admission judge(const std::string& group) const;

  const Caps caps_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::unordered_map<std::string, std::size_t> per_group_;
  std::size_t refused_ = 0;  // of the entries: those over a cap
  Deadlines deadlines_;
};

}  // namespace countersign::http
