#include "http/connection_table.h"

#include <utility>

#include "http/connection.h"

namespace countersign::http {
namespace {

// How many over the cap may stay for the moment that telling them takes; the descriptor reserve covers it.
constexpr std::size_t kRefusedAtOnce = 32;

}  // namespace

ConnectionTable::Admission ConnectionTable::add(std::uint64_t id, std::shared_ptr<Connection> connection,
                                                std::string group) {
  const std::lock_guard lock(mutex_);
  const Admission admission = judge(group);
  const bool welcome = admission == Admission::kWelcome;
  if (!welcome) {
    ++refused_;
  } else if (!group.empty()) {
    ++per_group_[group];
  }
  entries_.emplace(id, Entry{std::move(connection), std::move(group), welcome, deadlines_.end()});
  return admission;
}

ConnectionTable::Admission ConnectionTable::judge(const std::string& group) const {
  bool room = entries_.size() - refused_ < caps_.connections;
  if (room && caps_.per_address != 0 && !group.empty()) {
    const auto count = per_group_.find(group);
    room = count == per_group_.end() || count->second < caps_.per_address;
  }
  if (room) return Admission::kWelcome;
  return refused_ < kRefusedAtOnce ? Admission::kRefused : Admission::kFlooded;
}

void ConnectionTable::remove(std::uint64_t id) {
  std::shared_ptr<Connection> last;  // destroyed after the lock is gone
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.deadline != deadlines_.end()) deadlines_.erase(entry.deadline);
  if (!entry.welcome) {
    --refused_;
  } else if (const auto count = per_group_.find(entry.group); count != per_group_.end() && --count->second == 0) {
    per_group_.erase(count);
  }
  last = std::move(entry.connection);
  entries_.erase(found);
}

void ConnectionTable::schedule(std::uint64_t id, SteadyInstant when) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  if (found->second.deadline != deadlines_.end()) deadlines_.erase(found->second.deadline);
  found->second.deadline = deadlines_.emplace(when, id);
}

std::vector<std::shared_ptr<Connection>> ConnectionTable::take_due(SteadyInstant now) {
  std::vector<std::shared_ptr<Connection>> due;
  const std::lock_guard lock(mutex_);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Entry& entry = entries_.at(deadlines_.begin()->second);
    due.push_back(entry.connection);
    entry.deadline = deadlines_.end();
    deadlines_.erase(deadlines_.begin());
  }
  return due;
}

std::vector<std::shared_ptr<Connection>> ConnectionTable::all() const {
  std::vector<std::shared_ptr<Connection>> found;
  const std::lock_guard lock(mutex_);
  found.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) found.push_back(entry.connection);
  return found;
}

std::size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace countersign::http
