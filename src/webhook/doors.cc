#include "webhook/doors.h"

#include <iterator>

namespace countersign::webhook {
namespace {

constexpr http::Rate kDeliveries{120, std::chrono::seconds(60)};
constexpr http::Rate kTests{6, std::chrono::seconds(60)};
constexpr std::size_t kMostKeys = 10'000;  // an address cannot be invented: each of them is a connection of ours

std::size_t* count_of(Turned& turned, domain::DeliveryVerdict verdict) {
  switch (verdict) {
    case domain::DeliveryVerdict::kRepeated:
      return &turned.repeated;
    case domain::DeliveryVerdict::kBadSignature:
      return &turned.bad_signature;
    case domain::DeliveryVerdict::kStale:
      return &turned.stale;
    case domain::DeliveryVerdict::kMalformed:
      return &turned.malformed;
    case domain::DeliveryVerdict::kAccepted:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

void TurnedAway::note(ConnectionId connection, domain::DeliveryVerdict verdict, Instant now) {
  const std::lock_guard lock(mutex_);
  auto found = by_connection_.find(connection);
  if (found == by_connection_.end()) {
    if (records_.size() >= kMost) {
      by_connection_.erase(records_.front().connection);
      records_.pop_front();
    }
    records_.push_back({connection, {}});
    found = by_connection_.emplace(connection, std::prev(records_.end())).first;
  }
  records_.splice(records_.end(), records_, found->second);
  Turned& turned = found->second->turned;
  if (std::size_t* count = count_of(turned, verdict)) ++*count;
  turned.last_at = now;
}

Turned TurnedAway::of(ConnectionId connection) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_connection_.find(connection);
  return found == by_connection_.end() ? Turned() : found->second->turned;
}

Webhooks::Doors::Doors(const Clock& clock)
    : genuine(kDeliveries, kMostKeys, clock),
      turned_away(kDeliveries, kMostKeys, clock),
      tests(kTests, kMostKeys, clock) {}

}  // namespace countersign::webhook
