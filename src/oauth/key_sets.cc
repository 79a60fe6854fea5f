#include "oauth/key_sets.h"

#include <utility>

#include "base/error.h"

namespace countersign::oauth {
namespace {

constexpr std::size_t kMostSets = 64;
constexpr std::size_t kLargestSet = 64 * 1024;
constexpr std::chrono::hours kRemembered{1};
constexpr std::chrono::minutes kPause{1};
constexpr std::chrono::seconds kPatience{10};

}  // namespace

// The lock is given back while the network is asked, whatever comes of it.
class KeySets::Asking {
 public:
  Asking(std::unique_lock<std::mutex>& lock, Entry& entry, std::condition_variable& answered)
      : lock_(lock), entry_(entry), answered_(answered) {
    entry_.asking = true;
    lock_.unlock();
  }
  ~Asking() {
    lock_.lock();
    entry_.asking = false;
    answered_.notify_all();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  std::unique_lock<std::mutex>& lock_;
  Entry& entry_;
  std::condition_variable& answered_;
};

KeySet KeySets::get(std::string_view uri) const {
  std::unique_lock lock(mutex_);
  const auto before = entries_.find(uri);
  const bool waits = before != entries_.end() && before->second.asking;
  Entry& entry = idle_entry(lock, uri);
  if (entry.set && clock_.steady_now() - entry.set->fetched_at < kRemembered) return *entry.set;
  // One after the other, each for as long as a silent server takes, the last would come long after their time.
  if (waits) {
    throw Error(ErrorCode::kUpstream, "upstream_unreachable",
                "The provider's keys could not be fetched, so who signed in could not be verified. Try again later.");
  }
  return ask(lock, uri, entry);
}

KeySet KeySets::newer(std::string_view uri, const KeySet& seen) const {
  std::unique_lock lock(mutex_);
  Entry& entry = idle_entry(lock, uri);
  const bool asked_meanwhile = entry.set && entry.set->fetched_at > seen.fetched_at;
  if (asked_meanwhile) return *entry.set;
  if (clock_.steady_now() < entry.may_ask_at) return seen;
  return ask(lock, uri, entry);
}

// Not held across the wait: an entry that nobody asks for may be forgotten in it.
KeySets::Entry& KeySets::idle_entry(std::unique_lock<std::mutex>& lock, std::string_view uri) const {
  answered_.wait(lock, [&] {
    const auto found = entries_.find(uri);
    return found == entries_.end() || !found->second.asking;
  });
  if (const auto found = entries_.find(uri); found != entries_.end()) return found->second;
  if (entries_.size() >= kMostSets) forget_oldest();
  return entries_[std::string(uri)];
}

void KeySets::forget_oldest() const {
  const auto age_of = [](const Entry& entry) { return entry.set ? entry.set->fetched_at : SteadyInstant(); };
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.asking) continue;
    if (oldest == entries_.end() || age_of(it->second) < age_of(oldest->second)) oldest = it;
  }
  if (oldest != entries_.end()) entries_.erase(oldest);
}

KeySet KeySets::ask(std::unique_lock<std::mutex>& lock, std::string_view uri, Entry& entry) const {
  entry.may_ask_at = clock_.steady_now() + kPause;
  std::optional<KeySet> set;
  {
    const Asking asking(lock, entry, answered_);
    set = fetch(uri);
  }
  entry.set = *set;
  return std::move(*set);
}

KeySet KeySets::fetch(std::string_view uri) const {
  http::ClientRequest request;
  request.url = uri;
  request.headers.push_back({"Accept", "application/jwk-set+json, application/json", Secret()});
  request.limits.total = kPatience;
  request.limits.body_bytes = kLargestSet;
  const http::ClientResponse response = client_.send(std::move(request));
  if (response.status != 200) {
    throw Error(ErrorCode::kUpstream, "bad_id_token",
                "The provider's keys could not be fetched, so who signed in could not be verified. Try again later.",
                "the key set was answered with status " + std::to_string(response.status));
  }
  return {std::string(view(response.body)), clock_.steady_now()};
}

}  // namespace countersign::oauth
