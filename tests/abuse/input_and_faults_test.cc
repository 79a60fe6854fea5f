// Abuse cases E, F, G and H as far as their surface exists: hostile JSON, SQL, log lines, floods, faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Hostile : public ::testing::Test {
 protected:
  Hostile()
      : ada(program.add_person("ada", domain::Role::kMember)),
        token(program.issue_token(ada)),
        agent(program, token),
        browser(program) {}

  http::Response post_json(std::string_view target, std::string_view body) {
    return program.send(http::Method::kPost, target,
                        {{"authorization", "Bearer " + token}, {"content-type", "application/json"}}, body);
  }

  InProcess program;
  PersonId ada;
  std::string token;
  Agent agent;
  Browser browser;
};

TEST_F(Hostile, E081_WhatIsShownIsWhatWasSent) {
  for (const std::string_view body :
       {R"({"integration":"demo","label":"a","label":"b"})", R"({"integration":"demo","label":1e400})",
        R"({"integration":"demo","x":9007199254740993})", R"({"integration":"demo","x":-0})", R"({"integration":NaN})",
        R"({"integration":"\ud800"})", "{\"integration\":\"\xc0\x80\"}", R"({"integration":"demo\u0000"})",
        "\xef\xbb\xbf{\"integration\":\"demo\"}"}) {
    for (const std::string_view door : {"/v1/handoffs", "/mcp"}) {
      EXPECT_EQ(post_json(door, body).status, 400) << door << " " << body;
    }
  }
}

TEST_F(Hostile, E082_HiddenCharactersAreShown) {
  const Json minted = agent.ask(R"({"integration":"demo","label":"pay\u200bpal \u2066x\u2069 \udb40\udc41"})");
  browser.sign_in(ada);
  const std::string page = text_of(browser.get(path_of(minted["url"])));
  for (const char* chip : {"U+200B", "U+2066", "U+2069", "U+E0041"}) EXPECT_THAT(page, HasSubstr(chip));
}

TEST_F(Hostile, F102_SqlIsOnlyText) {
  browser.sign_in(ada);
  for (const std::string_view text :
       {"' or 1=1 --", "'; drop table handoffs; --", "%' union select * from agents --"}) {
    const std::string encoded = percent_encode(text);
    EXPECT_EQ(agent.get("/v1/connections?integration=" + encoded).status, 200);
    EXPECT_EQ(agent.get("/v1/connections?cursor=" + encoded).status, 400) << "a forged cursor";
    EXPECT_EQ(agent.get("/v1/handoffs/" + encoded).status, 404);
    EXPECT_EQ(post_json("/v1/handoffs", R"({"integration":"demo","label":)" + json_quote(text) + "}").status, 201);
    EXPECT_EQ(browser.get("/connections/" + encoded).status, 404);
    Browser visitor(program);
    visitor.get("/login");
    EXPECT_EQ(visitor.post("/login", {{"login", std::string(text)}, {"password", "x"}}).status, 403);
  }
  EXPECT_EQ(agent.get("/v1/connections").status, 200);
}

TEST_F(Hostile, G105_JsonBombsAreRefusedAtTheDoor) {
  const std::string deep(60'000, '[');
  std::string many = "{";
  for (int i = 0; i < 5'000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  many += "\"integration\":\"demo\"}";
  for (const std::string_view door : {"/v1/handoffs", "/mcp"}) {
    EXPECT_EQ(post_json(door, deep).status, 400);
    EXPECT_EQ(post_json(door, many).status, 400);
  }
  EXPECT_EQ(program.application().body_limit(http::Method::kPost, "/v1/handoffs"), 16U * 1024) << "the edge stops more";
}

TEST_F(Hostile, G106_OneEventIsOneLogLine) {
  post_json("/v1/handoffs", R"({"integration":"x\u000aFAKE level=error\u001b[31m"})");
  program.send(http::Method::kGet, "/nothing%0d%0aFAKE", {{"authorization", "Bearer x\r\nFAKE"}});
  EXPECT_THAT(program.log().text(), Not(HasSubstr("\nFAKE")));
}

TEST_F(Hostile, H110_ADatabaseOfAnotherKeyOrNoDatabaseStopsTheStart) {
  program.restart();
  support::TempDir elsewhere;
  std::filesystem::copy_file(program.dir() / "countersign.db", elsewhere.path() / "countersign.db");
  crypto::SystemRandom random;
  crypto::create_master_key_file(elsewhere.path() / "master.key", random);
  const auto start = [&] {
    app::ApplicationOptions options;
    options.config.data_dir = elsewhere.path();
    options.config.master_key_file = elsewhere.path() / "master.key";
    options.public_url = kPublicUrl;
    app::Application(std::move(options), program.clock(), random, program.log());
  };
  try {
    start();
    FAIL() << "it started with another key";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "wrong_master_key");
  }
  std::ofstream(elsewhere.path() / "countersign.db", std::ios::in | std::ios::out) << "no database any more";
  try {
    start();
    FAIL() << "it started on a broken file";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "corrupt");
  }
}

}  // namespace
}  // namespace countersign::flows
