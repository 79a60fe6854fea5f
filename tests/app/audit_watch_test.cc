#include "app/audit_watch.h"

#include <gtest/gtest.h>

#include "sql/sqlite_store.h"
#include "support/fake_clock.h"
#include "support/records.h"
#include "support/temp_dir.h"
#include "support/test_mac.h"

namespace countersign::app {
namespace {

// Another key: every link looks forged to it.
class OtherMac final : public domain::ChainMac {
 public:
  domain::Link mac(std::string_view, std::span<const std::string_view>) const override { return {}; }
};

class AuditWatchTest : public ::testing::Test {
 protected:
  AuditWatchTest() { store.start(mac); }
  void record(int events) {
    for (int i = 0; i < events; ++i) {
      store.transact([&](store::Transaction& tx) { tx.audit().record(support::event_in(support::kWorkspace)); });
    }
  }

  support::TempDir dir;
  support::FakeClock clock;
  support::TestMac mac;
  sql::SqliteStore store{sql::SqliteStore::Options{.path = dir.file("db")}};
};

TEST_F(AuditWatchTest, GoesOnWhereItStopped) {
  AuditWatch watch(store, mac, clock, support::kWorkspace);
  EXPECT_EQ(watch.state().verified_up_to, 0);
  record(3);
  watch.step();
  EXPECT_EQ(watch.state().verified_up_to, 3);
  record(2);
  watch.step();
  EXPECT_EQ(watch.state().verified_up_to, 5);
  EXPECT_EQ(watch.state().problem, "");
}

TEST_F(AuditWatchTest, CountsEachEventOnceByItsAction) {
  AuditWatch watch(store, mac, clock, support::kWorkspace);
  domain::AuditEvent failed = support::event_in(support::kWorkspace);
  const std::string usual(failed.action);
  failed.action = "sign_in.failed";
  record(2);
  store.transact([&](store::Transaction& tx) { tx.audit().record(failed); });
  EXPECT_TRUE(watch.counts().empty()) << "not verified yet";
  watch.step();
  watch.step();
  record(1);
  watch.step();
  EXPECT_EQ(watch.counts(), (std::map<std::string, std::int64_t>{{"sign_in.failed", 1}, {usual, 3}}));
}

TEST_F(AuditWatchTest, SaysWhatIsWrongAndStaysThere) {
  record(2);
  const OtherMac other;
  AuditWatch watch(store, other, clock, support::kWorkspace);
  watch.step();
  const std::string problem = watch.state().problem;
  EXPECT_NE(problem, "");
  EXPECT_TRUE(watch.counts().empty()) << "what is not verified is not counted";
  EXPECT_EQ(watch.state().verified_up_to, 0);
  record(1);
  watch.step();
  EXPECT_EQ(watch.state().problem, problem);
}

}  // namespace
}  // namespace countersign::app
