// What is counted of each address in memory: how often it was knocked at, and what was turned away. Used by this folder
// only. Bounded, so a restart or a thousand others forgive. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/ids.h"
#include "http/rate_limit.h"
#include "webhook/webhooks.h"

namespace countersign::webhook {

class TurnedAway {
 public:
  void note(ConnectionId connection, domain::DeliveryVerdict verdict, Instant now);
  Turned of(ConnectionId connection) const;

 private:
  static constexpr std::size_t kMost = 1000;
  struct Record {
    ConnectionId connection;
    Turned turned;
  };
  using Records = std::list<Record>;

  mutable std::mutex mutex_;
  Records records_;  // the one not heard of for longest first
  std::map<ConnectionId, Records::iterator> by_connection_;
};

struct Webhooks::Doors {
  explicit Doors(const Clock& clock);

  http::RateLimit<std::int64_t> genuine;
  http::RateLimit<std::int64_t> turned_away;  // repetitions are genuine, but write nothing
  http::RateLimit<std::int64_t> tests;
  TurnedAway turned;
};

}  // namespace countersign::webhook
