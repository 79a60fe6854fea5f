// The table of open event streams: one small record each, no thread, no descriptor beyond the connection's.
//
// A record looks at its topics. wake(topic), called by the store's commit feed, makes a worker look and send
// what that gave: the first time at once, then at most once per `look_gap`, so a burst of changes costs one
// look. No change is lost: open() looks once after registering, and what happens during a look or within the
// gap is looked at when sweep() finds it due. No two threads look at or write to one record at once.
// Thread-safe. Locks: this table's, inside it a connection's (alive()), never the other way round; looks and
// writes happen outside it. Destroy it after WorkerPool::stop(), what is still open then is ended.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "http/responder.h"
#include "http/router.h"
#include "http/worker_pool.h"

namespace countersign::http {

struct StreamLimits {
  std::size_t total = 2'000;
  std::size_t per_owner = 6;  // one more ends the oldest: a laptop that went to sleep leaves dead ones behind
  std::chrono::milliseconds heartbeat{15'000};  // of silence, then a comment: it finds out who is gone
  std::chrono::milliseconds look_gap{200};
};

class Streams {
 public:
  Streams(WorkerPool& pool, const Clock& clock, const StreamLimits& limits = {});
  ~Streams();

  // Sends the head and looks on the calling thread. False when there are too many; then nothing was sent and
  // the Responder is still the caller's to answer with.
  bool open(Stream&& stream, Responder& responder);
  // Costs the records of this topic, however many others there are. Does not run a look itself.
  void wake(std::int64_t topic);
  // Looks that the gap put off, heartbeats, deadlines, clients that have gone. The timer thread calls it every
  // 100 ms, a test with a fake clock calls it itself. It writes to some streams and asks some clients each time,
  // all of them within 50 calls: ten thousand silent streams must cost next to nothing.
  void sweep();
  // Ends every stream now; a later one gets its head and ends.
  void drain();
  std::size_t size() const;

 private:
  struct Record;
  using Ptr = std::shared_ptr<Record>;
  // Ordered, not hashed: their iterators last as long as the record, so each can take itself out at once.
  using ByTopic = std::multimap<std::int64_t, Ptr>;
  using ByOwner = std::multimap<std::int64_t, Ptr>;  // each record once, an owner's oldest first
  using ByDue = std::multimap<SteadyInstant, Ptr>;   // each record once: when sweep() must see to it
  class Stay;
  struct Work {
    std::vector<Ptr> to_end;
    std::vector<Ptr> to_beat;
    std::vector<Ptr> to_look;
  };

  // Without the lock, by whoever has claimed the record.
  void look(const Ptr& record);
  void beat(const Ptr& record);
  void finish(Record& record);
  void submit(std::vector<Ptr> to_look);
  bool begin_round(Record& record);
  enum class Wrote { kNothing, kBytes };
  bool settle(Record& record, Wrote wrote);

  // Under the lock.
  Ptr enlist(Stream&& stream, Responder&& responder);
  void remove(Record& record);
  void stop(const Ptr& record, std::vector<Ptr>& to_end);
  void make_room(std::int64_t owner, std::vector<Ptr>& to_end);
  void take_due(SteadyInstant now, Work& work);
  void take_turn(const Ptr& record, SteadyInstant now, Work& work);
  void take_deserted(std::vector<Ptr>& to_end);
  SteadyInstant next_due(const Record& record) const;
  void schedule(Record& record);

  WorkerPool& pool_;
  const Clock& clock_;
  const StreamLimits limits_;
  mutable std::mutex mutex_;
  ByTopic by_topic_;
  ByOwner by_owner_;
  ByDue by_due_;
  ByOwner::iterator next_asked_ = by_owner_.end();  // where sweep() goes on asking who is still there
  std::size_t asked_per_sweep_ = 0;
  bool draining_ = false;
};

}  // namespace countersign::http
