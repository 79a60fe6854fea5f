#include "web/client_setup.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace countersign::web {
namespace {

constexpr std::string_view kServer = "countersign";
constexpr std::string_view kVariable = "COUNTERSIGN_TOKEN";
constexpr std::string_view kInput = "countersign-token";

std::string mcp_url(std::string_view public_url) { return std::string(public_url) + "/mcp"; }
std::string in_quotes(std::string_view text) { return json_quote(text); }

SetupLine line(std::string text) { return {std::move(text), false, {}}; }

// A leading space keeps a line out of the history of most shells.
SetupBlock token_variable() {
  return {"In the shell that starts it", {{" export " + std::string(kVariable) + "=", true, ""}}};
}

ClientSetup claude_code(std::string_view public_url) {
  const std::string add = "claude mcp add --transport http " + std::string(kServer) + " " + mcp_url(public_url);
  return {"claude-code",
          "Claude Code",
          "Run this in the folder of your project; add --scope user right after “add” for all of them.",
          {{"Command", {{add + " --header \"Authorization: Bearer ", true, "\""}}}},
          SetupLink::kNone,
          {}};
}

Json vscode_input() {
  return {{"type", "promptString"}, {"id", kInput}, {"description", "Countersign agent token"}, {"password", true}};
}

std::string vscode_bearer() { return "Bearer ${input:" + std::string(kInput) + "}"; }

ClientSetup vscode(std::string_view public_url) {
  const std::string url = mcp_url(public_url);
  ClientSetup setup{
      "vs-code",
      "VS Code",
      "Save this as .vscode/mcp.json. VS Code asks for the token once and keeps it: paste it then, so that "
      "it stands in no file.",
      {},
      SetupLink::kVsCode,
      {}};
  setup.blocks.push_back({".vscode/mcp.json",
                          {line("{"), line("  \"inputs\": ["),
                           line("    { \"type\": \"promptString\", \"id\": " + in_quotes(kInput) +
                                ", \"description\": \"Countersign agent token\", \"password\": true }"),
                           line("  ],"), line("  \"servers\": {"), line("    " + in_quotes(kServer) + ": {"),
                           line("      \"type\": \"http\","), line("      \"url\": " + in_quotes(url) + ","),
                           line("      \"headers\": { \"Authorization\": " + in_quotes(vscode_bearer()) + " }"),
                           line("    }"), line("  }"), line("}")}});
  setup.link_config = dump_json({{"name", kServer},
                                 {"type", "http"},
                                 {"url", url},
                                 {"headers", {{"Authorization", vscode_bearer()}}},
                                 {"inputs", Json::array({vscode_input()})}});
  return setup;
}

std::string cursor_bearer() { return "Bearer ${env:" + std::string(kVariable) + "}"; }

// RFC 4648 section 4, which the link's reader wants; base/encoding.h has the variant for URLs.
std::string base64(std::string_view text) {
  std::string encoded = base64url(as_bytes(text));
  for (char& c : encoded) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (encoded.size() % 4 != 0) encoded += '=';
  return encoded;
}

ClientSetup cursor(std::string_view public_url) {
  const std::string url = mcp_url(public_url);
  ClientSetup setup{"cursor",
                    "Cursor",
                    "Save this as .cursor/mcp.json, or as ~/.cursor/mcp.json for all projects. The token stays in the "
                    "environment of Cursor.",
                    {},
                    SetupLink::kCursor,
                    {}};
  setup.blocks.push_back({".cursor/mcp.json",
                          {line("{"), line("  \"mcpServers\": {"), line("    " + in_quotes(kServer) + ": {"),
                           line("      \"url\": " + in_quotes(url) + ","),
                           line("      \"headers\": { \"Authorization\": " + in_quotes(cursor_bearer()) + " }"),
                           line("    }"), line("  }"), line("}")}});
  setup.blocks.push_back(token_variable());
  setup.link_config = base64(dump_json({{"url", url}, {"headers", {{"Authorization", cursor_bearer()}}}}));
  return setup;
}

ClientSetup codex(std::string_view public_url) {
  const std::string add = "codex mcp add " + std::string(kServer) + " --url " + mcp_url(public_url);
  return {"codex",
          "Codex",
          "Run the command once. Codex reads the token from the environment, each time it starts.",
          {{"Command", {line(add + " --bearer-token-env-var " + std::string(kVariable))}}, token_variable()},
          SetupLink::kNone,
          {}};
}

ClientSetup curl(std::string_view public_url) {
  return {"curl",
          "curl",
          "Tells whether the token works: the answer lists what can be connected. Every other program needs the MCP "
          "address and the token alone.",
          {{"Command",
            {{"curl -sS " + std::string(public_url) + "/v1/integrations -H \"Authorization: Bearer ", true, "\""}}},
           {"MCP address", {line(mcp_url(public_url))}}},
          SetupLink::kNone,
          {}};
}

}  // namespace

std::vector<ClientSetup> client_setups(std::string_view public_url) {
  return {claude_code(public_url), vscode(public_url), cursor(public_url), codex(public_url), curl(public_url)};
}

}  // namespace countersign::web
