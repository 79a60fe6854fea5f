// People and keys.
#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen

class PeopleContract : public StoreContract {
 protected:
  void insert(const domain::Person& p) {
    change([&](store::Transaction& tx) { tx.people().insert(p, event_in(p.workspace)); });
  }
  std::optional<domain::Person> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.people().find(workspace, PersonId(id)); });
  }
};

TEST_P(PeopleContract, APersonComesBackByIdAndByLogin) {
  insert(person(31));
  engine().reopen();
  const auto by_login = [&](WorkspaceId workspace, std::string_view login) {
    return look([&](const store::Snapshot& s) { return s.people().find_by_login(workspace, login); });
  };
  for (const auto& found : {find(31), by_login(kWorkspace, "ada")}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, PersonId(31));
    EXPECT_EQ(found->workspace, kWorkspace);
    EXPECT_EQ(found->login, "ada");
    EXPECT_EQ(found->display_name, "Ada L.");
    EXPECT_EQ(found->role, domain::Role::kApprover);
    EXPECT_EQ(found->password_hash, "$argon2id$x");
    EXPECT_TRUE(found->disabled);
    EXPECT_EQ(found->created_at, kNow);
  }
  EXPECT_FALSE(find(31, kOtherWorkspace));
  EXPECT_FALSE(by_login(kOtherWorkspace, "ada"));
  EXPECT_FALSE(by_login(kWorkspace, "ADA"));
}

TEST_P(PeopleContract, ALoginIsUniquePerWorkspace) {
  insert(person(31));
  const Error e = error_of([&] { insert(person(32)); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "login_taken");
  EXPECT_FALSE(find(32));
  EXPECT_EQ(events(), 1);
  insert(person(33, "ada", kOtherWorkspace));
  insert(person(34, "bob"));
  const auto logins = look([](const store::Snapshot& s) {
    std::string text;
    for (const auto& p : s.people().list(kWorkspace)) text += p.login + " ";
    return text;
  });
  EXPECT_EQ(logins, "ada bob ");
}

TEST_P(PeopleContract, APasswordIsSetWithItsEventOrNotAtAll) {
  insert(person(31));
  const auto set = [&](WorkspaceId workspace, std::int64_t id) {
    return change([&](store::Transaction& tx) {
      return tx.people().set_password(workspace, PersonId(id), "new", event_in(workspace));
    });
  };
  EXPECT_FALSE(set(kOtherWorkspace, 31));
  EXPECT_FALSE(set(kWorkspace, 32));
  EXPECT_EQ(events() + events(kOtherWorkspace), 1);
  EXPECT_TRUE(set(kWorkspace, 31));
  EXPECT_EQ(find(31)->password_hash, "new");
  EXPECT_EQ(events(), 2);
}

// Each takes the row it names and no other, with its event; what it says comes back after a reopen.
TEST_P(PeopleContract, RoleAndNameAreSetWithTheirEventOrNotAtAll) {
  insert(person(31));
  insert(person(32, "bob"));
  const auto set_role = [&](WorkspaceId workspace, std::int64_t id) {
    return change([&](store::Transaction& tx) {
      return tx.people().set_role(workspace, PersonId(id), domain::Role::kAdmin, event_in(workspace));
    });
  };
  const auto set_name = [&](WorkspaceId workspace, std::int64_t id) {
    return change([&](store::Transaction& tx) {
      return tx.people().set_name(workspace, PersonId(id), "Ada King", event_in(workspace));
    });
  };
  EXPECT_FALSE(set_role(kOtherWorkspace, 31) || set_role(kWorkspace, 33));
  EXPECT_FALSE(set_name(kOtherWorkspace, 31) || set_name(kWorkspace, 33));
  EXPECT_EQ(events(), 2);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  EXPECT_TRUE(set_role(kWorkspace, 31));
  EXPECT_TRUE(set_name(kWorkspace, 31));
  EXPECT_EQ(events(), 4);
  engine().reopen();
  EXPECT_EQ(find(31)->role, domain::Role::kAdmin);
  EXPECT_EQ(find(31)->display_name, "Ada King");
  EXPECT_EQ(find(32)->role, domain::Role::kApprover);
  EXPECT_EQ(find(32)->display_name, "Ada L.");
}

TEST_P(PeopleContract, DisablingIsAChangeOnlyWhereItChangesSomething) {
  insert(person(31));  // disabled
  insert(person(32, "bob"));
  const auto set = [&](bool disabled, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.people().set_disabled(workspace, PersonId(31), disabled, event_in(workspace));
    });
  };
  EXPECT_FALSE(set(true));
  EXPECT_FALSE(set(false, kOtherWorkspace));
  EXPECT_TRUE(find(31)->disabled);
  EXPECT_TRUE(set(false));
  EXPECT_FALSE(find(31)->disabled);
  EXPECT_TRUE(find(32)->disabled);
  EXPECT_FALSE(set(false));
  EXPECT_TRUE(set(true));
  EXPECT_TRUE(find(31)->disabled);
  EXPECT_EQ(events(), 4);
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(PeopleContract, NoPasswordCanTakeThePlaceOfOne) {
  insert(person(31));
  EXPECT_TRUE(change([](store::Transaction& tx) {
    return tx.people().set_password(kWorkspace, PersonId(31), "", event_in(kWorkspace));
  }));
  EXPECT_EQ(find(31)->password_hash, "");
}

TEST_P(PeopleContract, KeysComeBackInTheirOrder) {
  change([](store::Transaction& tx) {
    tx.keys().insert(key_row(2), event_in(kWorkspace));
    tx.keys().insert(key_row(1), event_in(kWorkspace));
  });
  engine().reopen();
  const auto keys = look([](const store::Snapshot& s) { return s.keys().all(); });
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].id, KeyId(1));
  EXPECT_EQ(keys[1].id, KeyId(2));
  EXPECT_EQ(keys[0].workspace, kWorkspace);
  EXPECT_EQ(keys[0].purpose, "data");
  EXPECT_EQ(keys[0].version, 1);
  EXPECT_EQ(keys[0].master_key_id, "mk_1");
  EXPECT_EQ(keys[0].wrapped, std::string("\0wrapped\xff", 9));
  EXPECT_EQ(keys[0].created_at, kNow);
  EXPECT_EQ(events(), 2);
}

INSTANTIATE_TEST_SUITE_P(Engines, PeopleContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
