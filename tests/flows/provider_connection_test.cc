// connections.create: a connection whose secret lives elsewhere, from the binding of an admin to the agent's answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/described.h"
#include "vault/providers.h"

namespace countersign::flows {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSecretValue = "env-secret-0123456789abcdef";
const std::map<std::string, std::string> kEnvironment{{"AGENT_DEMO", std::string(kSecretValue)},
                                                      {"AGENT_OTHER", "other-secret-0123456789"}};

class ProviderConnection : public ::testing::Test {
 protected:
  void bind(const std::string& item, const domain::Owner& owner, const std::string& integration = "demo") {
    vault::Providers providers;
    providers.push_back(vault::env_provider("AGENT_", kEnvironment));
    const vault::Bindings bindings(program.application().store(), std::move(providers), program.clock(), ids);
    bindings.bind({app::kDefaultWorkspace, boss, domain::Role::kAdmin, program.clock().now()},
                  {"env", item, integration, owner});
  }
  static Json wanted(const Json& more) {
    Json body = {{"owner", "user"}, {"name", "Main"}, {"integration", "demo"}, {"template", "api-key"}};
    body.update(more);
    return body;
  }
  static Json from(const std::string& item) { return {{"from", {{"provider", "env"}, {"id", item}}}}; }
  http::Response create(const Json& more, Headers headers = {}) {
    return agent.post("/v1/connections", dump_json(wanted(more)), std::move(headers));
  }
  http::Response confirm(PersonId person, const Json& minted) {
    Browser browser(program);
    browser.sign_in(person);
    browser.get(path_of(minted["url"]));
    return browser.post(path_of(minted["url"]) + "/confirm");
  }
  Json outcome(const Json& minted) {
    return json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()));
  }
  static std::string code_of(const http::Response& response) { return json_of(response).value("code", ""); }

  InProcess program{catalog::Mode::kDev, [](app::ApplicationOptions& options) {
                      options.config.env_prefix = "AGENT_";
                      options.environment = kEnvironment;
                    }};
  IdSource ids{program.clock()};
  PersonId ada = program.add_person("ada", domain::Role::kMember);
  PersonId boss = program.add_person("boss", domain::Role::kAdmin);
  Agent agent{program, program.issue_token(ada)};
};

TEST_F(ProviderConnection, IsMadeOncePersonHasConfirmedAndItsSecretStaysWhereItIs) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const http::Response asked = create(from("AGENT_DEMO"));
  ASSERT_EQ(asked.status, 202) << text_of(asked);
  const Json minted = json_of(asked);
  EXPECT_EQ(outcome(minted)["kind"], "confirm");
  EXPECT_TRUE(json_of(agent.get("/v1/connections"))["connections"].empty()) << "nothing is made by asking";

  EXPECT_EQ(confirm(ada, minted).status, 303);
  const Json done = outcome(minted);
  EXPECT_EQ(done["status"], "completed");
  EXPECT_EQ(done["connection"]["name"], "Main");
  EXPECT_EQ(done["connection"]["provider"], "env");
  EXPECT_EQ(json_of(agent.get("/v1/connections"))["connections"].size(), 1U);
  EXPECT_THAT(done.dump() + program.log().text(), Not(HasSubstr(std::string(kSecretValue))));
}

TEST_F(ProviderConnection, ByFieldIsTheSameAsTheOnlyOne) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const Json reference = from("AGENT_DEMO");
  const Json minted = json_of(create({{"inputs", {{"key", reference}}}}));
  EXPECT_EQ(confirm(ada, minted).status, 303);
  EXPECT_EQ(outcome(minted)["connection"]["provider"], "env");
}

// What an agent can write it has read: a secret that comes this way is one in its context (DESIGN 3.1).
TEST_F(ProviderConnection, NoSecretIsAcceptedAndTheRefusalSaysWhereItBelongs) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const Json reference = from("AGENT_DEMO")["from"];
  const std::vector<Json> attempts = {
      {{"inputs", {{"key", {{"value", "sk_canary"}}}}}},
      {{"inputs", {{"key", {{"from", reference}, {"value", "sk_canary"}}}}}},
      {{"inputs", {{"key", "sk_canary"}}}},
      {{"from", "sk_canary"}},
      {{"from", {{"provider", "env"}, {"id", "AGENT_DEMO"}, {"value", "sk_canary"}}}},
      {{"token", "sk_canary"}},
      {{"value", "sk_canary"}},
      {{"secret", {{"value", "sk_canary"}}}},
  };
  for (const Json& attempt : attempts) {
    SCOPED_TRACE(attempt.dump());
    const http::Response refused = create(attempt);
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(code_of(refused), "invalid_arguments");
    EXPECT_THAT(text_of(refused), AllOf(HasSubstr("connections.createHandoff"), Not(HasSubstr("canary"))));
    const Json over_mcp = agent.call("connections.create", wanted(attempt));
    EXPECT_EQ(over_mcp["isError"], true);
    EXPECT_THAT(over_mcp.dump(), AllOf(HasSubstr("connections.createHandoff"), Not(HasSubstr("canary"))));
  }
  EXPECT_THAT(program.log().text(), Not(HasSubstr("canary")));
}

TEST_F(ProviderConnection, ExactlyOneOfFromAndInputs) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const Json reference = from("AGENT_DEMO");
  Json both = reference;
  both["inputs"] = {{"key", reference}};
  EXPECT_EQ(code_of(create(both)), "invalid_arguments");
  EXPECT_EQ(code_of(create({{"inputs", Json::object()}})), "invalid_arguments");
  EXPECT_EQ(code_of(create(Json::object())), "bad_reference") << "this template has a secret";
  EXPECT_EQ(code_of(create({{"inputs", {{"no_such_field", reference}}}})), "bad_reference");
}

TEST_F(ProviderConnection, AnItemIsInvisibleUntilItIsBoundForThisOwner) {
  const auto providers = [&](Agent& from) { return json_of(from.get("/v1/providers"))["providers"]; };
  EXPECT_EQ(providers(agent), Json::array());
  EXPECT_EQ(code_of(agent.get("/v1/providers/env/items")), "unknown_provider");
  EXPECT_EQ(code_of(create(from("AGENT_DEMO"))), "unknown_provider_item");

  bind("AGENT_DEMO", domain::Owner::user(ada));
  bind("AGENT_OTHER", domain::Owner::user(boss));
  EXPECT_EQ(providers(agent), Json::array({"env"}));
  const Json items = json_of(agent.get("/v1/providers/env/items"))["items"];
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["id"], "AGENT_DEMO");
  EXPECT_EQ(items[0]["name"], "AGENT_DEMO");
  EXPECT_EQ(items[0]["uses"], parse_json(R"([{"integration":"demo","owner":"user"}])"));
  EXPECT_THAT(items.dump(), Not(HasSubstr(std::string(kSecretValue))));
  EXPECT_EQ(code_of(create(from("AGENT_OTHER"))), "unknown_provider_item") << "another person's";

  Agent robot(program, program.issue_token({}));
  EXPECT_EQ(providers(robot), Json::array());
  bind("AGENT_OTHER", domain::Owner::org());
  EXPECT_EQ(providers(robot), Json::array({"env"}));
  EXPECT_EQ(json_of(agent.get("/v1/providers/env/items"))["items"].size(), 2U);
}

TEST_F(ProviderConnection, ARepeatedRequestIsOneHandoffAndATakenOneIsNotShownAgain) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const Headers key = {{"idempotency-key", "same"}};
  const Json first = json_of(create(from("AGENT_DEMO"), key));
  EXPECT_EQ(json_of(create(from("AGENT_DEMO"), key))["handoffId"], first["handoffId"]);
  Json other = from("AGENT_DEMO");
  other["name"] = "Another";
  EXPECT_EQ(code_of(create(other, key)), "request_key_reused");

  confirm(ada, first);
  const Json settled = json_of(create(from("AGENT_DEMO"), key));
  EXPECT_EQ(settled["handoffId"], first["handoffId"]);
  EXPECT_EQ(settled["status"], "completed");
  EXPECT_EQ(settled["expiresIn"], 0);
  EXPECT_THAT(settled["instructions"].get<std::string>(), AllOf(HasSubstr("is completed"), Not(HasSubstr("Show"))));

  const Headers second = {{"idempotency-key", "second"}};
  create(other, second);
  program.clock().advance(601s);
  const Json expired = json_of(create(other, second));
  EXPECT_EQ(expired["status"], "expired");
  EXPECT_THAT(expired["instructions"].get<std::string>(), AllOf(HasSubstr("not a denial"), Not(HasSubstr("Show"))));
}

TEST_F(ProviderConnection, ARepeatedRemovalIsOneHandoff) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const Json made = json_of(create(from("AGENT_DEMO")));
  confirm(ada, made);
  const std::string connection = "/v1/connections/" + outcome(made)["connection"]["connectionId"].get<std::string>();
  const Headers key = {{"idempotency-key", "remove"}};
  const Json first = json_of(agent.remove(connection, key));
  EXPECT_EQ(json_of(agent.remove(connection, key))["handoffId"], first["handoffId"]);
  EXPECT_NE(json_of(agent.remove(connection))["handoffId"], first["handoffId"]);
  confirm(ada, first);
  const Json settled = json_of(agent.remove(connection, key));
  EXPECT_EQ(settled["status"], "completed");
  EXPECT_THAT(settled["instructions"].get<std::string>(), Not(HasSubstr("Show")));
}

TEST_F(ProviderConnection, TheSameNameIsReplacedNotDoubled) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  bind("AGENT_OTHER", domain::Owner::user(ada));
  confirm(ada, json_of(create(from("AGENT_DEMO"))));
  const Json minted = json_of(create(from("AGENT_OTHER")));
  EXPECT_EQ(confirm(ada, minted).status, 303);
  EXPECT_EQ(outcome(minted)["status"], "completed");
  EXPECT_EQ(json_of(agent.get("/v1/connections"))["connections"].size(), 1U);
}

TEST_F(ProviderConnection, OnlyDescribedAnswersAreGiven) {
  bind("AGENT_DEMO", domain::Owner::user(ada));
  const Description description(program);
  const auto expect = [&](http::Method method, const std::string& target, const http::Response& response) {
    SCOPED_TRACE(target + " " + text_of(response));
    description.expect_promised(description.find(method, target).second, response);
  };
  using enum http::Method;
  const std::string connections = "/v1/connections";
  expect(kPost, connections, create(from("AGENT_DEMO")));
  expect(kPost, connections, create(from("AGENT_NONE")));
  expect(kPost, connections, create(Json::object()));
  Json bad = from("AGENT_DEMO");
  for (const auto& [member, value] : std::map<std::string, std::string>{
           {"name", "a\nb"}, {"integration", "nosuch"}, {"template", "nosuch"}, {"identityLabel", "a\nb"}}) {
    Json one = bad;
    one[member] = value;
    expect(kPost, connections, create(one));
  }
  expect(kGet, "/v1/providers", agent.get("/v1/providers"));
  expect(kGet, "/v1/providers/env/items", agent.get("/v1/providers/env/items"));
  expect(kGet, "/v1/providers/vault/items", agent.get("/v1/providers/vault/items"));
  Agent poor(program, program.issue_token(ada, nullptr, {domain::Scope::kUse}));
  expect(kPost, connections, poor.post(connections, dump_json(wanted(bad))));
}

}  // namespace
}  // namespace countersign::flows
