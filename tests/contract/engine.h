// The engines that the store's contract runs on. A new engine adds a class and one line to engines(); not a
// test changes. Each test gets a store of its own, started and empty.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/store.h"
#include "support/records.h"
#include "support/test_mac.h"

namespace countersign::contract {

// Rows with greater keys are an engine's own noise.
inline constexpr std::int64_t kNoiseFrom = 1'000'000;

class Engine {
 public:
  virtual ~Engine() = default;
  virtual store::Store& store() = 0;
  // Closes and opens the same data again.
  virtual void reopen() = 0;
  // Commits that became durable so far; where requests are grouped, fewer than requests.
  virtual std::uint64_t commits() const = 0;
  // Makes the engine refuse every audit event from now on, as a damaged table would.
  virtual void refuse_events() = 0;
};

struct EngineCase {
  std::string name;
  // The subscriber is told of every commit from the first on.
  std::unique_ptr<Engine> (*make)(store::CommitFeed::Subscriber);
};
const std::vector<EngineCase>& engines();

class StoreContract : public testing::TestWithParam<EngineCase> {
 protected:
  // What an engine was left in must verify, whatever the test did.
  void TearDown() override;

  store::Store& store() { return engine_->store(); }
  Engine& engine() { return *engine_; }

  // Runs one changing method in a transaction of its own.
  template <class Change>
  auto change(Change&& one) {
    return store().transact(std::forward<Change>(one));
  }
  template <class Look>
  auto look(Look&& one) {
    return store().read(std::forward<Look>(one));
  }
  std::int64_t events(WorkspaceId workspace = support::kWorkspace);
  // The chain's events in order, with their notes.
  std::vector<store::AuditEntry> trail(WorkspaceId workspace = support::kWorkspace);
  // Empty, or what is wrong with any chain.
  std::string chain_problem();

  // The row keys the commit feed named since it was last asked, without those of the engine's own noise.
  std::set<std::int64_t> told();

 private:
  std::mutex mutex_;
  std::set<std::int64_t> told_;
  std::unique_ptr<Engine> engine_ = GetParam().make([this](std::span<const std::int64_t> keys) { note(keys); });

  void note(std::span<const std::int64_t> keys);
};

// The error that `work` throws; fails the test when it throws none.
template <class Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorCode::kInternal, "none", ""};
}

}  // namespace countersign::contract
