#include "vault/providers.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

using ::testing::ElementsAre;

using Environment = std::map<std::string, std::string>;

TEST(EnvProvider, GivesVariablesBehindThePrefixAndNoOthers) {
  const Environment environment{{"AGENT_STRIPE", "canary-1"}, {"AGENT_", "canary-2"}, {"AGENTS", "canary-3"},
                                {"MY_AGENT_KEY", "canary-4"}, {"AGENT_%%", "x"},      {"PATH", "/bin"}};
  const auto provider = env_provider("AGENT_", environment);
  EXPECT_EQ(provider->name(), "env");
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("AGENT_", "AGENT_STRIPE"));
  EXPECT_EQ(provider->resolve("AGENT_STRIPE").reveal(), "canary-1");
  for (const char* outside : {"PATH", "AGENTS", "MY_AGENT_KEY", "agent_STRIPE", "AGENT_%%", "AGENT_\n", ""}) {
    EXPECT_EQ(reason_of([&] { provider->resolve(outside); }), "item_not_allowed") << outside;
  }
  EXPECT_EQ(reason_of([&] { provider->resolve("AGENT_NONE"); }), "unknown_provider_item");
}

TEST(EnvProvider, AnEmptyVariableIsNone) {
  const auto provider = env_provider("AGENT_", {{"AGENT_EMPTY", ""}});
  EXPECT_THAT(provider->items(), ::testing::IsEmpty());
  EXPECT_EQ(reason_of([&] { provider->resolve("AGENT_EMPTY"); }), "unknown_provider_item");
}

TEST(EnvProvider, IsASnapshotOfTheStart) {
  Environment environment{{"AGENT_A", "canary-before"}};
  const auto provider = env_provider("AGENT_", environment);
  environment["AGENT_A"] = "canary-after";
  EXPECT_EQ(provider->resolve("AGENT_A").reveal(), "canary-before");
}

TEST(EnvProvider, RefusesAPrefixThatCouldOpenOurOwnVariables) {
  for (const char* prefix : {"COUNTERSIGN", "COUNTERSIGN_", "COUNTERSIGN_MASTER", "COU", "CREDENTIALS_DIRECTORY",
                             "CREDENTIALS_", "CRE", "LD_", "LD_PRELOAD", "PATH", "PAT", "PATHS_", "HOME", "HOM"}) {
    EXPECT_EQ(reason_of([&] { env_provider(prefix, {}); }), "bad_config") << prefix;
  }
  for (const char* prefix : {"AGENT_", "LDAP_", "COUNT_", "CRED_", "HOUSE", "PASS"}) {
    EXPECT_EQ(reason_of([&] { env_provider(prefix, {}); }), "none") << prefix;
  }
}

TEST(EnvProvider, RefusesAPrefixThatIsTooShortOrNoName) {
  for (const char* prefix : {"", "A", "AG", "AG T", "AGENT=", "AGENT-", "AG\xc3\x84"}) {
    EXPECT_EQ(reason_of([&] { env_provider(prefix, {}); }), "bad_config") << prefix;
  }
  EXPECT_EQ(reason_of([&] { env_provider("AGT", {}); }), "none");
}

TEST(EnvProvider, ListsNoMoreThanAThousand) {
  Environment environment;
  for (int i = 0; i < 1005; ++i) environment["AGENT_" + std::to_string(i)] = "x";
  EXPECT_EQ(env_provider("AGENT_", environment)->items().size(), 1000U);
}

}  // namespace
}  // namespace countersign::vault
