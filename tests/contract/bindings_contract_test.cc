#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::Owner;
using domain::ProviderBinding;

class BindingsContract : public StoreContract {
 protected:
  void insert(const ProviderBinding& b) {
    change([&](store::Transaction& tx) { tx.bindings().insert(b, event_in(b.workspace)); });
  }
  std::optional<ProviderBinding> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.bindings().find(workspace, BindingId(id)); });
  }
  // 0: none.
  std::int64_t find_item(const ProviderBinding& like) {
    return look([&](const store::Snapshot& s) {
      const auto found = s.bindings().find_item(like.workspace, like.provider, like.item, like.integration, like.owner);
      return found ? found->id.value() : 0;
    });
  }
  bool remove(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return change(
        [&](store::Transaction& tx) { return tx.bindings().remove(workspace, BindingId(id), event_in(workspace)); });
  }
};

TEST_P(BindingsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  insert(binding(81));
  engine().reopen();
  const auto found = find(81);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, BindingId(81));
  EXPECT_EQ(found->workspace, kWorkspace);
  EXPECT_EQ(found->provider, "env");
  EXPECT_EQ(found->item, "SHOP_TOKEN");
  EXPECT_EQ(found->integration, "github");
  EXPECT_EQ(found->owner, Owner::user(PersonId(31)));
  EXPECT_EQ(found->created_by, PersonId(32));
  EXPECT_EQ(found->created_at, kNow);
  EXPECT_EQ(events(), 1);
  EXPECT_FALSE(find(81, kOtherWorkspace));
  EXPECT_FALSE(find(82));
}

TEST_P(BindingsContract, FindItemDemandsEveryPart) {
  ProviderBinding b = binding(81);
  insert(b);
  EXPECT_EQ(find_item(b), 81);
  const std::vector<std::function<void(ProviderBinding&)>> others = {
      [](ProviderBinding& one) { one.workspace = kOtherWorkspace; },
      [](ProviderBinding& one) { one.provider = "file"; },
      [](ProviderBinding& one) { one.item = "shop_token"; },
      [](ProviderBinding& one) { one.item = "SHOP%"; },
      [](ProviderBinding& one) { one.integration = "stripe"; },
      [](ProviderBinding& one) { one.owner = Owner::user(PersonId(32)); },
      [](ProviderBinding& one) { one.owner = Owner::org(); },
  };
  for (std::size_t i = 0; i < others.size(); ++i) {
    ProviderBinding other = b;
    others[i](other);
    EXPECT_EQ(find_item(other), 0) << i;
  }
}

TEST_P(BindingsContract, AnItemIsBoundOncePerIntegrationAndOwner) {
  insert(binding(81));
  const Error e = error_of([&] { insert(binding(82)); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "bound_already");
  EXPECT_FALSE(find(82));
  EXPECT_EQ(events(), 1);

  ProviderBinding org = binding(83);
  org.owner = Owner::org();
  insert(org);
  org.id = BindingId(84);
  EXPECT_EQ(error_of([&] { insert(org); }).reason(), "bound_already");
  insert(binding(85, "OTHER"));
  insert(binding(86, "SHOP_TOKEN", kOtherWorkspace));

  EXPECT_TRUE(remove(81));
  insert(binding(87));
  EXPECT_EQ(find_item(binding(0)), 87);
}

TEST_P(BindingsContract, AListIsTheWorkspacesNewestFirst) {
  insert(binding(81, "A"));
  insert(binding(83, "B"));
  insert(binding(82, "C"));
  insert(binding(84, "D", kOtherWorkspace));
  std::string items;
  look([&](const store::Snapshot& s) {
    for (const auto& one : s.bindings().list(kWorkspace)) items += one.item;
    return 0;
  });
  EXPECT_EQ(items, "BCA");
}

TEST_P(BindingsContract, RemovingHappensOnceInItsOwnWorkspace) {
  insert(binding(81));
  insert(binding(82, "OTHER"));
  EXPECT_FALSE(remove(81, kOtherWorkspace));
  EXPECT_TRUE(find(81));
  EXPECT_TRUE(remove(81));
  EXPECT_FALSE(find(81));
  EXPECT_TRUE(find(82));
  EXPECT_EQ(events(), 3);
  EXPECT_FALSE(remove(81));
  EXPECT_EQ(events(), 3);
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, BindingsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
