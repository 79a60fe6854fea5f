// The table of held requests: one small record each, no thread, no descriptor beyond the connection's.
//
// A record waits on one topic. wake(topic), called by the store's commit feed, makes a worker look again;
// the deadline and drain() make it answer. No change is lost: hold() looks once more after registering,
// and a wake during a look makes it look again. No two workers look for one record at once.
// Thread-safe. Locks: this table's, inside it a connection's (alive()), never the other way round.
// Destroy it after WorkerPool::stop(), what is still held then is answered 500 by its Responder.
#pragma once

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

class Waiters {
 public:
  Waiters(WorkerPool& pool, const Clock& clock);
  ~Waiters();

  // Looks on the calling thread, so it may answer before it returns.
  void hold(Hold hold, Responder responder);
  // Costs the records of this topic, however many others there are. Does not run a look itself.
  void wake(std::int64_t topic);
  // Answers those whose deadline has passed and drops those whose client has gone; the timer thread calls
  // it every 100 ms, a test with a fake clock calls it itself. It asks some of the clients each time, all
  // of them within 50 calls: ten thousand idle holds must cost next to nothing (budget 5).
  void sweep();
  // Answers every held request now, and every later hold() at once.
  void drain();
  std::size_t size() const;

 private:
  struct Record;
  using Ptr = std::shared_ptr<Record>;
  // Ordered, not hashed: their iterators last as long as the record, so each can take itself out at once.
  using ByTopic = std::multimap<std::int64_t, Ptr>;
  using ByDeadline = std::multimap<SteadyInstant, Ptr>;
  class Stay;

  void look(const Ptr& record);
  Hold::Round begin_round(Record& record);
  bool settle(Record& record);
  void enlist(const Ptr& record);
  void remove(Record& record);
  void remove_locked(Record& record);
  void ask(const Ptr& record, Hold::Round round, std::vector<Ptr>& to_look);
  void submit(std::vector<Ptr> to_look);
  std::vector<Ptr> take_deserted();

  WorkerPool& pool_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  ByTopic by_topic_;
  ByDeadline by_deadline_;
  ByTopic::iterator next_asked_ = by_topic_.end();  // where sweep() goes on asking who is still there
  std::size_t asked_per_sweep_ = 0;
  bool draining_ = false;
};

}  // namespace countersign::http
