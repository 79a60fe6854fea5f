#include "app/ready_file.h"

#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/durable_file.h"
#include "app/terminal.h"
#include "base/json.h"

namespace countersign::app {

void write_ready_file(const std::filesystem::path& path, const Endpoints& endpoints, const Secret& agent_token) {
  const Json content = {{"baseUrl", endpoints.base_url},
                        {"mcpUrl", endpoints.mcp_url},
                        {"opsUrl", endpoints.ops_url},
                        {"agentToken", agent_token.reveal()},
                        {"pid", ::getpid()}};
  replace_file(std::filesystem::absolute(path), dump_json(content) + "\n");
}

void write_admin_link(const std::filesystem::path& path, const std::string& base_url, const Secret& link_token) {
  replace_file(std::filesystem::absolute(path), base_url + "/sign-in/" + std::string(link_token.reveal()) + "\n");
}

Secret read_token_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string token;
  std::getline(file, token);
  return Secret(std::move(token));
}

void write_token_file(const std::filesystem::path& path, const Secret& token) {
  replace_file(path, std::string(token.reveal()) + "\n");
}

std::string_view token_text(const Secret& token) { return token.reveal(); }

std::string first_call_line(const std::string& base_url, const Secret& agent_token) {
  return "curl -s " + base_url + "/v1/handoffs -H 'Authorization: Bearer " + std::string(agent_token.reveal()) +
         "' -H 'Content-Type: application/json' -d '{\"integration\":\"demo\"}'";
}

void print_dev_banner(const Endpoints& endpoints, const Secret& link_token, const Secret& agent_token,
                      const std::string& data_dir) {
  const std::string token(agent_token.reveal());
  const std::string text =
      "Sign in (once, within 10 minutes): " + endpoints.base_url + "/sign-in/" + std::string(link_token.reveal()) +
      "\n\n"
      "Make a first handoff with the built-in demo integration, then open the url it answers:\n  " +
      first_call_line(endpoints.base_url, agent_token) +
      "\n\n"
      "Connect Claude Code:\n  claude mcp add --transport http countersign " +
      endpoints.mcp_url + " --header \"Authorization: Bearer " + token +
      "\"\n\n"
      "Any other agent:  MCP URL  " +
      endpoints.mcp_url + "\n                  Token    " + token +
      "\n\n"
      "Data: " +
      data_dir +
      "\n"
      "Development mode, on this machine only. An agent that runs under your own user can read your files, this\n"
      "broker's data included; for real separation run `countersign serve` under a user of its own.\n\n";
  print(text);
}

void print_agent_token(const Secret& agent_token) { print(std::string(agent_token.reveal()) + "\n"); }

void print_sign_in_link(const std::string& base_url, const Secret& link_token) {
  const std::string text = base_url + "/sign-in/" + std::string(link_token.reveal()) + "\n";
  print(text);
}

}  // namespace countersign::app
