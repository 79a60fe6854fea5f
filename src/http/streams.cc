#include "http/streams.h"

#include <algorithm>
#include <utility>

namespace countersign::http {
namespace {

constexpr std::size_t kAskedAtLeast = 64;
constexpr std::size_t kSweepsForAll = 50;
// Streams that began together are silent together: the timer thread must not write to all of them in one go.
constexpr std::size_t kWritesPerSweep = 256;
// A comment of the event stream format: clients skip it, proxies see that the connection lives.
constexpr std::string_view kHeartbeat = ":\n\n";

}  // namespace

struct Streams::Record {
  Record(Stream&& given, Responder&& to) : stream(std::move(given)), responder(std::move(to)) {}

  Stream stream;
  // Used by the thread that has claimed the record; by others only under the table's lock while nobody has.
  Responder responder;

  // Below: under the table's lock.
  ByOwner::iterator owner_place;
  ByDue::iterator due_place;
  std::vector<ByTopic::iterator> topic_places;
  SteadyInstant looked;  // when the last look began
  SteadyInstant wrote;   // the last bytes
  bool listed = false;
  bool claimed = true;  // a thread is at it or about to be; the one that opens it is the first
  bool again = false;   // something changed since the last look began
  bool ending = false;
};

// Ends the stream unless there is reason to let it stay, also when look() throws.
class Streams::Stay {
 public:
  Stay(Streams& table, Record& record) : table_(table), record_(record) {}
  ~Stay() {
    if (!stays_) table_.finish(record_);
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  void grant() { stays_ = true; }

 private:
  Streams& table_;
  Record& record_;
  bool stays_ = false;
};

Streams::Streams(WorkerPool& pool, const Clock& clock, const StreamLimits& limits)
    : pool_(pool), clock_(clock), limits_(limits) {}

Streams::~Streams() = default;

bool Streams::open(Stream&& stream, Responder& responder) {
  std::vector<Ptr> to_end;
  Ptr record;
  {
    const std::lock_guard lock(mutex_);
    make_room(stream.owner, to_end);
    if (by_owner_.size() < limits_.total) record = enlist(std::move(stream), std::move(responder));
  }
  for (const Ptr& old : to_end) old->responder.end();
  if (!record) return false;
  if (record->responder.begin(std::move(record->stream.head))) {
    // A commit between the caller's read and the registering woke nobody: look once more.
    look(record);
  } else {
    finish(*record);
  }
  return true;
}

void Streams::wake(std::int64_t topic) {
  std::vector<Ptr> to_look;
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = by_topic_.equal_range(topic);
    const SteadyInstant now = clock_.steady_now();
    for (auto place = begin; place != end; ++place) {
      Record& record = *place->second;
      record.again = true;
      if (record.claimed) continue;
      if (now < record.looked + limits_.look_gap) {
        schedule(record);
      } else {
        record.claimed = true;
        to_look.push_back(place->second);
      }
    }
  }
  submit(std::move(to_look));
}

void Streams::sweep() {
  Work work;
  {
    const std::lock_guard lock(mutex_);
    take_due(clock_.steady_now(), work);
    take_deserted(work.to_end);
  }
  for (const Ptr& record : work.to_end) record->responder.end();
  for (const Ptr& record : work.to_beat) beat(record);
  submit(std::move(work.to_look));
}

void Streams::drain() {
  std::vector<Ptr> to_end;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (auto place = by_owner_.begin(); place != by_owner_.end();) stop(Ptr((place++)->second), to_end);
  }
  for (const Ptr& record : to_end) record->responder.end();
}

std::size_t Streams::size() const {
  const std::lock_guard lock(mutex_);
  return by_owner_.size();
}

void Streams::look(const Ptr& record) {
  Stay stay(*this, *record);
  if (!begin_round(*record) || !record->responder.alive()) return;
  const auto bytes = record->stream.look();
  if (!bytes || (!bytes->empty() && !record->responder.push(*bytes))) return;
  if (settle(*record, bytes->empty() ? Wrote::kNothing : Wrote::kBytes)) stay.grant();
}

void Streams::beat(const Ptr& record) {
  if (!record->responder.push(kHeartbeat) || !settle(*record, Wrote::kBytes)) finish(*record);
}

// First out of the table: who has seen the end does not find it open any more.
void Streams::finish(Record& record) {
  {
    const std::lock_guard lock(mutex_);
    remove(record);
  }
  record.responder.end();
}

// Without the lock: a pool that stops runs the job right here.
void Streams::submit(std::vector<Ptr> to_look) {
  for (Ptr& record : to_look) {
    pool_.submit_always([this, record = std::move(record)] { look(record); });
  }
}

// False when it is to end instead.
bool Streams::begin_round(Record& record) {
  const std::lock_guard lock(mutex_);
  record.again = false;
  record.looked = clock_.steady_now();
  return !record.ending;
}

// Lets go of the record; false when it was told to end meanwhile, the caller finishes it then.
bool Streams::settle(Record& record, Wrote wrote) {
  const std::lock_guard lock(mutex_);
  if (wrote == Wrote::kBytes) record.wrote = clock_.steady_now();
  if (record.ending) return false;
  record.claimed = false;
  schedule(record);
  return true;
}

Streams::Ptr Streams::enlist(Stream&& stream, Responder&& responder) {
  auto& topics = stream.topics;
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  const auto record = std::make_shared<Record>(std::move(stream), std::move(responder));
  record->looked = record->wrote = clock_.steady_now();
  record->ending = draining_;
  record->owner_place = by_owner_.emplace(record->stream.owner, record);
  record->due_place = by_due_.emplace(next_due(*record), record);
  for (const std::int64_t topic : record->stream.topics) {
    record->topic_places.push_back(by_topic_.emplace(topic, record));
  }
  record->listed = true;
  return record;
}

// The caller keeps the record alive.
void Streams::remove(Record& record) {
  if (!std::exchange(record.listed, false)) return;
  if (next_asked_ == record.owner_place) ++next_asked_;
  for (const auto place : record.topic_places) by_topic_.erase(place);
  by_due_.erase(record.due_place);
  by_owner_.erase(record.owner_place);
}

// Who has claimed it ends it; what nobody has claimed goes to the caller, who ends it outside the lock.
void Streams::stop(const Ptr& record, std::vector<Ptr>& to_end) {
  record->ending = true;
  if (record->claimed) return;
  remove(*record);
  to_end.push_back(record);
}

// Those whose client has gone make room first, then the oldest.
void Streams::make_room(std::int64_t owner, std::vector<Ptr>& to_end) {
  if (owner == 0) return;
  std::vector<Ptr> open;
  auto [place, end] = by_owner_.equal_range(owner);
  while (place != end) {
    const Ptr record = (place++)->second;
    if (record->ending) continue;
    if (!record->claimed && !record->responder.alive()) {
      stop(record, to_end);
    } else {
      open.push_back(record);
    }
  }
  for (std::size_t i = 0; i < open.size() && open.size() - i >= limits_.per_owner; ++i) stop(open[i], to_end);
}

void Streams::take_due(SteadyInstant now, Work& work) {
  for (auto place = by_due_.begin(); place != by_due_.end() && place->first <= now;) {
    if (work.to_end.size() + work.to_beat.size() >= kWritesPerSweep) return;
    const Ptr record = (place++)->second;  // its turn may move it or take it out
    take_turn(record, now, work);
  }
}

void Streams::take_turn(const Ptr& record, SteadyInstant now, Work& work) {
  if (record->stream.deadline <= now) return stop(record, work.to_end);
  if (record->claimed) return;  // settle() will give it its next time
  if (record->again && now >= record->looked + limits_.look_gap) {
    record->claimed = true;
    work.to_look.push_back(record);
  } else if (now >= record->wrote + limits_.heartbeat) {
    record->claimed = true;
    work.to_beat.push_back(record);
  } else {
    schedule(*record);
  }
}

// The share of each call is fixed when a round begins, or it would shrink with the table and the round
// never end in time.
void Streams::take_deserted(std::vector<Ptr>& to_end) {
  if (next_asked_ == by_owner_.end()) {
    next_asked_ = by_owner_.begin();
    asked_per_sweep_ = std::max(kAskedAtLeast, by_owner_.size() / kSweepsForAll + 1);
  }
  for (std::size_t i = 0; i < asked_per_sweep_ && next_asked_ != by_owner_.end(); ++i) {
    const Ptr record = (next_asked_++)->second;
    if (!record->claimed && !record->responder.alive()) stop(record, to_end);
  }
}

SteadyInstant Streams::next_due(const Record& record) const {
  const SteadyInstant due = std::min(record.stream.deadline, record.wrote + limits_.heartbeat);
  return record.again ? std::min(due, record.looked + limits_.look_gap) : due;
}

// Moves its node: nothing is allocated.
void Streams::schedule(Record& record) {
  auto node = by_due_.extract(record.due_place);
  node.key() = next_due(record);
  record.due_place = by_due_.insert(std::move(node));
}

}  // namespace countersign::http
