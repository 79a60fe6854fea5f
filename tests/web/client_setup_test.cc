// The set-up that is offered for copying: each program's own form, and never a token in a link.
#include "web/client_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace countersign::web::client_setup {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kUrl = "https://broker.example";

ClientSetup setup_of(std::string_view id) {
  const auto all = client_setups(kUrl);
  const auto found = std::find_if(all.begin(), all.end(), [&](const ClientSetup& one) { return one.id == id; });
  return found == all.end() ? ClientSetup() : *found;
}

std::string text_of(const SetupBlock& block) {
  std::string text;
  for (const SetupLine& line : block.lines) text += line.text + (line.has_token ? "TOKEN" : "") + line.rest + "\n";
  return text;
}

Json decoded_cursor_config() {
  std::string text = setup_of("cursor").link_config;
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  const auto bytes = parse_base64url(text);
  return bytes ? parse_json(as_text(*bytes)) : Json();
}

TEST(ClientSetup, ClaudeCodeGetsItsOptionsBeforeTheName) {
  EXPECT_EQ(text_of(setup_of("claude-code").blocks.at(0)),
            "claude mcp add --transport http countersign https://broker.example/mcp --header \"Authorization: Bearer "
            "TOKEN\"\n");
}

TEST(ClientSetup, VsCodeAsksForTheTokenAndItsFileHasNone) {
  const ClientSetup setup = setup_of("vs-code");
  for (const SetupLine& line : setup.blocks.at(0).lines) EXPECT_FALSE(line.has_token);
  const Json file = parse_json(text_of(setup.blocks.at(0)));
  EXPECT_EQ(file["inputs"][0]["type"], "promptString");
  EXPECT_EQ(file["inputs"][0]["password"], true);
  EXPECT_EQ(file["servers"]["countersign"]["url"], "https://broker.example/mcp");
  const std::string id = file["inputs"][0]["id"];
  EXPECT_EQ(file["servers"]["countersign"]["headers"]["Authorization"], "Bearer ${input:" + id + "}");
  const Json link = parse_json(setup.link_config);
  EXPECT_EQ(link["headers"], file["servers"]["countersign"]["headers"]);
  EXPECT_EQ(link["inputs"], file["inputs"]);
}

TEST(ClientSetup, CursorReadsTheTokenFromItsEnvironment) {
  const ClientSetup setup = setup_of("cursor");
  const Json file = parse_json(text_of(setup.blocks.at(0)));
  EXPECT_EQ(file["mcpServers"]["countersign"]["headers"]["Authorization"], "Bearer ${env:COUNTERSIGN_TOKEN}");
  EXPECT_EQ(decoded_cursor_config(), file["mcpServers"]["countersign"]);
  EXPECT_EQ(setup.link_config.size() % 4, 0U);
  EXPECT_EQ(text_of(setup.blocks.at(1)), " export COUNTERSIGN_TOKEN=TOKEN\n");
}

TEST(ClientSetup, CodexNamesTheVariableAndNotTheToken) {
  const ClientSetup setup = setup_of("codex");
  EXPECT_EQ(text_of(setup.blocks.at(0)),
            "codex mcp add countersign --url https://broker.example/mcp --bearer-token-env-var COUNTERSIGN_TOKEN\n");
  EXPECT_THAT(text_of(setup.blocks.at(1)), HasSubstr("COUNTERSIGN_TOKEN=TOKEN"));
}

TEST(ClientSetup, CurlTriesTheTokenOnAHarmlessRead) {
  EXPECT_EQ(text_of(setup_of("curl").blocks.at(0)),
            "curl -sS https://broker.example/v1/integrations -H \"Authorization: Bearer TOKEN\"\n");
}

TEST(ClientSetup, EachIsToldApartByItsId) {
  const auto all = client_setups(kUrl);
  for (const ClientSetup& one : all) {
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [&](const ClientSetup& other) { return other.id == one.id; }), 1);
    EXPECT_EQ(one.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos);
    EXPECT_EQ(one.link == SetupLink::kNone, one.link_config.empty());
  }
}

}  // namespace
}  // namespace countersign::web::client_setup
