// The store alone: durable mints (handoff and audit event) per second from 1, 16 and 64 threads, and what a
// poll costs it (agent and handoff read in one snapshot), alone and beside a writer.
//
//   store_bench [directory] [seconds per figure] [mint|poll|both]
//
// Every thread is a closed loop: it asks for the next change when the last one is durable.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "base/clock.h"
#include "base/id_source.h"
#include "crypto/mac.h"
#include "crypto/system_random.h"
#include "sql/sqlite_store.h"

namespace {

using namespace countersign;  // NOLINT: a program of one file

constexpr WorkspaceId kWorkspace{1};
constexpr AgentId kAgent{7};

class BenchMac final : public domain::ChainMac {
 public:
  domain::Link mac(std::string_view use, std::span<const std::string_view> parts) const override {
    return crypto::mac(key_, use, parts);
  }

 private:
  crypto::SystemRandom random_;
  crypto::Key key_ = crypto::Key::random(random_);
};

domain::AuditEvent event_of(std::string object, Instant now) {
  return {kWorkspace,
          now,
          domain::Actor::agent(kAgent),
          "handoff.created",
          std::move(object),
          {{"integration", "github"}, {"kind", "secret_form"}},
          ""};
}

domain::Handoff handoff_of(HandoffId id, Instant now) {
  domain::Handoff h;
  h.id = id;
  h.workspace = kWorkspace;
  h.agent = kAgent;
  h.owner = domain::Owner::user(PersonId(3));
  h.subject = PersonId(3);
  h.integration = "github";
  h.auth_template = "pat";
  h.label = "deploy key for the release job";
  h.user_code = "BCDF-GHJK";
  h.request_key = id.text();
  h.request_digest = std::string(32, 'd');
  h.created_at = now;
  h.expires_at = now + domain::kHandoffLifetime;
  return h;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

class Bench {
 public:
  Bench(const std::string& directory, double seconds) : seconds_(seconds), store_({.path = directory + "/bench.db"}) {
    store_.start(mac_);
    domain::Agent agent;
    agent.id = kAgent;
    agent.workspace = kWorkspace;
    agent.name = "bench";
    agent.token_hash = std::string(32, 't');
    agent.scopes = {"handoffs", "connections"};
    store_.transact([&](store::Transaction& tx) { tx.agents().insert(agent, event_of("", clock_.now())); });
    last_ = mint();
  }

  void mints(int threads) {
    const auto before = store_.stats();
    const double rate = loop("mint", threads, [this] { last_ = mint(); });
    const auto after = store_.stats();
    const auto commits = static_cast<double>(after.commits - before.commits);
    std::printf("  rows/commit %.1f, commits/s %.0f\n", rate * seconds_ / commits, commits / seconds_);
  }
  void polls(int threads) {
    loop("poll", threads, [this] { poll(); });
    std::printf("\n");
  }
  void polls_beside_mints(int threads) {
    std::atomic<bool> stop = false;
    std::atomic<long> minted = 0;
    std::vector<std::jthread> writers;
    for (int i = 0; i < 8; ++i) {
      writers.emplace_back([&] {
        for (; !stop; ++minted) mint();
      });
    }
    loop("poll beside 8 minting threads", threads, [this] { poll(); });
    stop = true;
    std::printf("  mints/s meanwhile %.0f\n", static_cast<double>(minted) / seconds_);
  }

 private:
  HandoffId mint() {
    const auto now = clock_.now();
    const auto handoff = handoff_of(ids_.next<HandoffId>(), now);
    const auto event = event_of(handoff.id.text(), now);
    store_.transact([&](store::Transaction& tx) { tx.handoffs().insert(handoff, event); });
    return handoff.id;
  }

  void poll() {
    const bool found = store_.read([&](const store::Snapshot& snapshot) {
      return snapshot.agents().find(kAgent).has_value() && snapshot.handoffs().find(kWorkspace, last_).has_value();
    });
    if (!found) std::abort();  // a fast wrong answer is no answer
  }

  template <class Work>
  double loop(const char* what, int threads, Work work) {
    std::atomic<bool> stop = false;
    std::atomic<long> done = 0;
    const double cpu = cpu_seconds();
    {
      std::vector<std::jthread> workers;
      for (int i = 0; i < threads; ++i) {
        workers.emplace_back([&] {
          long mine = 0;
          for (; !stop; ++mine) work();
          done += mine;
        });
      }
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds_));
      stop = true;
    }
    const double rate = static_cast<double>(done) / seconds_;
    std::printf("%s, %d threads: %.0f/s, %.1f us CPU each", what, threads, rate,
                (cpu_seconds() - cpu) * 1e6 / static_cast<double>(done));
    return rate;
  }

  double seconds_;
  SystemClock clock_;
  IdSource ids_{clock_};
  BenchMac mac_;
  sql::SqliteStore store_;
  std::atomic<HandoffId> last_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string parent = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  const std::string what = argc > 3 ? argv[3] : "both";
  std::string directory = parent + "/store-bench-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return 1;
  {
    Bench bench(directory, seconds);
    for (const int threads : {1, 16, 64}) {
      if (what != "poll") bench.mints(threads);
    }
    for (const int threads : {1, 2, 8}) {
      if (what != "mint") bench.polls(threads);
    }
    if (what == "both") bench.polls_beside_mints(2);
  }
  std::filesystem::remove_all(directory);
}
