// What providers deliver to webhook connections: once each, and only so many are kept.
#include <thread>

#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::DeliveryVerdict;
using domain::WebhookDelivery;

constexpr auto kKept = static_cast<std::int64_t>(domain::kDeliveriesKept);

class DeliveriesContract : public StoreContract {
 protected:
  bool insert(const WebhookDelivery& d) {
    return change([&](store::Transaction& tx) { return tx.deliveries().insert(d); });
  }
  // Many in one transaction.
  void insert_all(const std::vector<WebhookDelivery>& all) {
    change([&](store::Transaction& tx) {
      for (const WebhookDelivery& d : all) EXPECT_TRUE(tx.deliveries().insert(d));
    });
  }
  std::vector<WebhookDelivery> list(std::int64_t connection = 41, std::size_t limit = 1000,
                                    WorkspaceId workspace = kWorkspace) {
    return look(
        [&](const store::Snapshot& s) { return s.deliveries().list(workspace, ConnectionId(connection), limit); });
  }
  static std::vector<WebhookDelivery> many(std::int64_t first, std::int64_t count, Instant at,
                                           DeliveryVerdict verdict) {
    std::vector<WebhookDelivery> all;
    for (std::int64_t id = first; id < first + count; ++id) {
      WebhookDelivery d = delivery(id, verdict == DeliveryVerdict::kAccepted ? "key " + std::to_string(id) : "", at);
      d.verdict = verdict;
      all.push_back(d);
    }
    return all;
  }
};

TEST_P(DeliveriesContract, WhatIsInsertedComesBackAfterAReopenToo) {
  EXPECT_TRUE(insert(delivery(1, "key 'one'; --")));
  WebhookDelivery refused = delivery(2, "", after(1));
  refused.verdict = DeliveryVerdict::kBadSignature;
  refused.content_type.clear();
  refused.body.clear();
  refused.size = 0;
  EXPECT_TRUE(insert(refused));
  engine().reopen();
  const auto found = list();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, DeliveryId(2)) << "newest first";
  EXPECT_EQ(found[0].verdict, DeliveryVerdict::kBadSignature);
  EXPECT_EQ(found[0].delivery_key + found[0].content_type + found[0].body, "");
  EXPECT_EQ(found[0].size, 0U);
  const WebhookDelivery expected = delivery(1, "key 'one'; --");
  EXPECT_EQ(found[1].id, expected.id);
  EXPECT_EQ(found[1].workspace, expected.workspace);
  EXPECT_EQ(found[1].connection, expected.connection);
  EXPECT_EQ(found[1].delivery_key, expected.delivery_key);
  EXPECT_EQ(found[1].verdict, DeliveryVerdict::kAccepted);
  EXPECT_EQ(found[1].content_type, expected.content_type);
  EXPECT_EQ(found[1].body, expected.body);
  EXPECT_EQ(found[1].size, expected.size);
  EXPECT_EQ(found[1].received_at, expected.received_at);
  EXPECT_EQ(list(41, 1).size(), 1U);
  EXPECT_TRUE(list(42).empty());
  EXPECT_TRUE(list(41, 10, kOtherWorkspace).empty());
}

TEST_P(DeliveriesContract, AKeyIsAcceptedOncePerConnection) {
  EXPECT_TRUE(insert(delivery(1, "one")));
  EXPECT_FALSE(insert(delivery(2, "one", after(1))));
  EXPECT_TRUE(insert(delivery(3, "One")));
  EXPECT_TRUE(insert(delivery(4, "one", kNow, 42)));
  EXPECT_EQ(list().size(), 2U);
  EXPECT_EQ(list(42).size(), 1U);
}

TEST_P(DeliveriesContract, WhatWasRefusedHasNoKeyAndMayRepeat) {
  insert_all(many(1, 3, kNow, DeliveryVerdict::kBadSignature));
  EXPECT_EQ(list().size(), 3U);
}

TEST_P(DeliveriesContract, OfManyThatArriveAtOnceOneIsNew) {
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> senders;
    senders.reserve(16);
    for (int i = 0; i < 16; ++i) senders.emplace_back([&, i] { winners += insert(delivery(1 + i, "one")); });
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(DeliveriesContract, TheNewestAreKeptOfEachConnection) {
  EXPECT_TRUE(insert(delivery(1, "of another", kNow, 42)));
  insert_all(many(10, kKept, kNow, DeliveryVerdict::kAccepted));
  EXPECT_EQ(list().size(), domain::kDeliveriesKept);
  insert_all(many(100, 3, after(601), DeliveryVerdict::kAccepted));
  const auto found = list();
  EXPECT_EQ(found.size(), domain::kDeliveriesKept);
  EXPECT_EQ(found.front().id, DeliveryId(102));
  EXPECT_EQ(found.back().id, DeliveryId(13));
  EXPECT_EQ(list(42).size(), 1U);
}

// A sender's clock may be ahead by as much as it may be behind.
TEST_P(DeliveriesContract, AnAcceptedKeyThatCouldStillBeInTimeIsNotForgotten) {
  EXPECT_TRUE(insert(delivery(1, "replayed")));
  insert_all(many(10, 3 * kKept, after(600), DeliveryVerdict::kBadSignature));
  EXPECT_FALSE(insert(delivery(900, "replayed", after(600)))) << "a flood of refused ones does not push it out";
  EXPECT_EQ(list().size(), domain::kDeliveriesKept + 1);
  insert_all(many(1000, 1, after(601), DeliveryVerdict::kStale));
  EXPECT_EQ(list().size(), domain::kDeliveriesKept);
  EXPECT_TRUE(insert(delivery(1001, "replayed", after(601)))) << "by now its signature is too old";
}

TEST_P(DeliveriesContract, NoSenderFillsTheStore) {
  insert_all(many(1, 510, kNow, DeliveryVerdict::kAccepted));
  const auto found = list();
  EXPECT_EQ(found.size(), 500U);
  EXPECT_EQ(found.back().id, DeliveryId(11));
}

TEST_P(DeliveriesContract, ADeliveryIsNoChangeOfOurs) {
  EXPECT_TRUE(insert(delivery(1, "one")));
  EXPECT_EQ(events(), 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, DeliveriesContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
