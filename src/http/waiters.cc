#include "http/waiters.h"

#include <algorithm>
#include <utility>

namespace countersign::http {
namespace {

constexpr std::size_t kAskedAtLeast = 64;
constexpr std::size_t kSweepsForAll = 50;

}  // namespace

struct Waiters::Record {
  Record(Hold request, Responder to) : hold(std::move(request)), responder(std::move(to)) {}

  Hold hold;
  // Used by the worker that looks; by others only under the table's lock while nobody looks.
  Responder responder;

  // Below: under the table's lock.
  ByTopic::iterator topic_place;
  ByDeadline::iterator deadline_place;
  bool listed = false;
  bool looking = false;  // a worker is at it or about to be
  bool again = false;    // something changed since that worker began its round
  bool final = false;
};

// Takes the record out of the table unless there is reason to let it stay, also when look() throws: its
// Responder then answers 500 by itself.
class Waiters::Stay {
 public:
  Stay(Waiters& table, Record& record) : table_(table), record_(record) {}
  ~Stay() {
    if (!stays_) table_.remove(record_);
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  void grant() { stays_ = true; }

 private:
  Waiters& table_;
  Record& record_;
  bool stays_ = false;
};

Waiters::Waiters(WorkerPool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

Waiters::~Waiters() = default;

void Waiters::hold(Hold hold, Responder responder) {
  responder.hold();
  const auto record = std::make_shared<Record>(std::move(hold), std::move(responder));
  enlist(record);
  // A commit between the caller's read and this line woke nobody: look once more.
  look(record);
}

void Waiters::wake(std::int64_t topic) {
  std::vector<Ptr> to_look;
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = by_topic_.equal_range(topic);
    for (auto place = begin; place != end; ++place) ask(place->second, Hold::Round::kAgain, to_look);
  }
  submit(std::move(to_look));
}

void Waiters::sweep() {
  std::vector<Ptr> to_look;
  std::vector<Ptr> deserted;
  {
    const std::lock_guard lock(mutex_);
    const auto end = by_deadline_.upper_bound(clock_.steady_now());
    for (auto place = by_deadline_.begin(); place != end; ++place) {
      // One that is late already is being looked at: asking every time would only repeat the look.
      if (!place->second->final) ask(place->second, Hold::Round::kFinal, to_look);
    }
    deserted = take_deserted();
  }
  submit(std::move(to_look));
}

void Waiters::drain() {
  std::vector<Ptr> to_look;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    to_look.reserve(by_topic_.size());
    for (const auto& [topic, record] : by_topic_) ask(record, Hold::Round::kFinal, to_look);
  }
  submit(std::move(to_look));
}

std::size_t Waiters::size() const {
  const std::lock_guard lock(mutex_);
  return by_topic_.size();
}

void Waiters::look(const Ptr& record) {
  Stay stay(*this, *record);
  do {
    const Hold::Round round = begin_round(*record);
    if (!record->responder.alive()) return;
    if (auto answer = record->hold.look(round)) {
      remove(*record);  // first: who has the answer does not find it held any more
      record->responder.respond(std::move(*answer));
      return;
    }
    if (round == Hold::Round::kFinal) return;
  } while (!settle(*record));
  stay.grant();
}

Hold::Round Waiters::begin_round(Record& record) {
  const std::lock_guard lock(mutex_);
  record.again = false;
  return record.final ? Hold::Round::kFinal : Hold::Round::kAgain;
}

// Ends the looking; false when something changed meanwhile.
bool Waiters::settle(Record& record) {
  const std::lock_guard lock(mutex_);
  record.looking = record.again;
  return !record.again;
}

void Waiters::enlist(const Ptr& record) {
  const std::lock_guard lock(mutex_);
  record->topic_place = by_topic_.emplace(record->hold.topic, record);
  record->deadline_place = by_deadline_.emplace(record->hold.deadline, record);
  record->listed = true;
  record->looking = true;
  record->final = draining_ || record->hold.deadline <= clock_.steady_now();
}

void Waiters::remove(Record& record) {
  const std::lock_guard lock(mutex_);
  remove_locked(record);
}

// The caller keeps the record alive.
void Waiters::remove_locked(Record& record) {
  if (!std::exchange(record.listed, false)) return;
  if (next_asked_ == record.topic_place) ++next_asked_;
  by_topic_.erase(record.topic_place);
  by_deadline_.erase(record.deadline_place);
}

// Under the lock. Who is looking already is told to go on, all others are put on the caller's list.
void Waiters::ask(const Ptr& record, Hold::Round round, std::vector<Ptr>& to_look) {
  record->again = true;
  if (round == Hold::Round::kFinal) record->final = true;
  if (!std::exchange(record->looking, true)) to_look.push_back(record);
}

// Without the lock: a pool that stops runs the job right here.
void Waiters::submit(std::vector<Ptr> to_look) {
  for (Ptr& record : to_look) {
    pool_.submit_always([this, record = std::move(record)] { look(record); });
  }
}

// Under the lock; the caller lets go of them outside it. The share of each call is fixed when a round
// begins, or it would shrink with the table and the round never end in time.
std::vector<Waiters::Ptr> Waiters::take_deserted() {
  std::vector<Ptr> deserted;
  if (next_asked_ == by_topic_.end()) {
    next_asked_ = by_topic_.begin();
    asked_per_sweep_ = std::max(kAskedAtLeast, by_topic_.size() / kSweepsForAll + 1);
  }
  for (std::size_t i = 0; i < asked_per_sweep_ && next_asked_ != by_topic_.end(); ++i) {
    const Ptr record = (next_asked_++)->second;
    if (record->looking || record->responder.alive()) continue;
    remove_locked(*record);
    deserted.push_back(record);
  }
  return deserted;
}

}  // namespace countersign::http
