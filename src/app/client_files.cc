#include "app/client_files.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/durable_file.h"
#include "base/error.h"
#include "base/json.h"

namespace countersign::app {
namespace {

// Claude Code keeps its whole history in this file.
constexpr JsonLimits kClientFile{.bytes = 64 << 20, .depth = 64, .values = 4'000'000};
constexpr std::string_view kTokenVariable = "COUNTERSIGN_TOKEN";

Error unreadable(const std::filesystem::path& file, std::string_view why) {
  return Error(ErrorCode::kConflict, "client_file_unreadable",
               file.string() + " was left as it is: " + std::string(why) +
                   ". Add the server by hand; the page of the agent shows how.");
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Json read_object(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return Json::object();
  try {
    Json value = parse_json(text, kClientFile);
    if (value.is_object()) return value;
  } catch (const Error& error) {
    throw unreadable(file, "it is not plain JSON (" + error.message() + ")");
  }
  throw unreadable(file, "it is not a JSON object");
}

Json& object_at(Json& in, std::string_view key, const std::filesystem::path& file) {
  Json& value = in[std::string(key)];
  if (value.is_null()) value = Json::object();
  if (!value.is_object()) throw unreadable(file, "\"" + std::string(key) + "\" in it is not an object");
  return value;
}

std::string bearer(const Secret& token) { return "Bearer " + std::string(token.reveal()); }

void write(const std::filesystem::path& file, std::string_view text) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  // Through a link to the file it stands for: some keep these in a repository of their own.
  replace_file(std::filesystem::exists(file) ? std::filesystem::canonical(file) : file, text);
}

std::string install_json(ClientKind kind, const std::filesystem::path& file, const ClientEntry& entry) {
  Json content = read_object(file);
  Json server = {{"url", entry.mcp_url}, {"headers", {{"Authorization", bearer(entry.token)}}}};
  if (kind == ClientKind::kClaude) server["type"] = "http";
  object_at(content, "mcpServers", file)[entry.name] = std::move(server);
  write(file, dump_json(content) + "\n");
  return "Start it again, or open a new session; it then knows the server \"" + entry.name + "\".";
}

// The token is not in the file: VS Code asks for it and keeps it in its own store.
std::string install_vscode(const std::filesystem::path& file, const ClientEntry& entry) {
  Json content = read_object(file);
  const std::string input = entry.name + "-token";
  object_at(content, "servers", file)[entry.name] = {
      {"type", "http"}, {"url", entry.mcp_url}, {"headers", {{"Authorization", "Bearer ${input:" + input + "}"}}}};
  Json& inputs = content["inputs"];
  if (inputs.is_null()) inputs = Json::array();
  if (!inputs.is_array()) throw unreadable(file, "\"inputs\" in it is not a list");
  for (auto one = inputs.begin(); one != inputs.end();) {
    one = one->is_object() && one->value("id", "") == input ? inputs.erase(one) : one + 1;
  }
  inputs.push_back(
      {{"type", "promptString"}, {"id", input}, {"description", "Countersign agent token"}, {"password", true}});
  write(file, dump_json(content) + "\n");
  return "Start the server in VS Code (\"MCP: List Servers\"); it asks for the token once.";
}

std::string install_codex(const std::filesystem::path& file, const ClientEntry& entry) {
  std::string text = read_text(file);
  const std::string table = "[mcp_servers." + entry.name + "]";
  if (text.find(table) != std::string::npos) throw unreadable(file, "it has a " + table + " already");
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += "\n" + table + "\nurl = " + json_quote(entry.mcp_url) +
          "\nbearer_token_env_var = " + json_quote(kTokenVariable) + "\n";
  write(file, text);
  return "Set the environment variable " + std::string(kTokenVariable) + " to the token where Codex runs.";
}

}  // namespace

std::filesystem::path client_file(ClientKind kind, const std::filesystem::path& home) {
  switch (kind) {
    case ClientKind::kClaude:
      return home / ".claude.json";
    case ClientKind::kVsCode:
      return home / ".config/Code/User/mcp.json";
    case ClientKind::kCursor:
      return home / ".cursor/mcp.json";
    case ClientKind::kCodex:
      return home / ".codex/config.toml";
  }
  return {};
}

void check_client_file(ClientKind kind, const std::filesystem::path& file) {
  if (kind != ClientKind::kCodex) read_object(file);
}

std::string install_client(ClientKind kind, const std::filesystem::path& file, const ClientEntry& entry) {
  switch (kind) {
    case ClientKind::kClaude:
    case ClientKind::kCursor:
      return install_json(kind, file, entry);
    case ClientKind::kVsCode:
      return install_vscode(file, entry);
    case ClientKind::kCodex:
      return install_codex(file, entry);
  }
  return {};
}

}  // namespace countersign::app
