// The key sets of providers (RFC 7517), as they were answered: hostile text. Thread-safe; blocks on the network, and
// on whoever is asking for the same set already.
//
// Remembered for an hour, 64 of them. Somebody who sends one unknown `kid` after the other makes us ask once a minute.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/client.h"

namespace countersign::oauth {

struct KeySet {
  std::string jwks;  // at most 64 KiB
  SteadyInstant fetched_at;
};

class KeySets {
 public:
  KeySets(http::Client& client, const Clock& clock) : client_(client), clock_(clock) {}

  // Throws kUpstream `bad_id_token` when it answers with anything but 200, and what http::Client throws; neither is
  // remembered, but whoever waited for that question does not ask it again: kUpstream `upstream_unreachable`.
  KeySet get(std::string_view uri) const;
  // A key was not in `seen`: the set of today, or `seen` again when the last question is less than a minute ago.
  KeySet newer(std::string_view uri, const KeySet& seen) const;

 private:
  struct Entry {
    std::optional<KeySet> set;
    SteadyInstant may_ask_at;
    bool asking = false;  // then it is not forgotten
  };
  class Asking;

  Entry& idle_entry(std::unique_lock<std::mutex>& lock, std::string_view uri) const;
  void forget_oldest() const;
  KeySet ask(std::unique_lock<std::mutex>& lock, std::string_view uri, Entry& entry) const;
  KeySet fetch(std::string_view uri) const;

  http::Client& client_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable answered_;
  mutable std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace countersign::oauth
