// Where fresh tokens leave the program to be shown once: the ready file and link file of scripts, the token
// file of `dev`, and its banner on the terminal. The one place of this folder that looks into a Secret.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/secret.h"

namespace countersign::app {

struct Endpoints {
  std::string base_url;
  std::string mcp_url;
  std::string ops_url;
};

// {"baseUrl","mcpUrl","opsUrl","agentToken","pid"}: what an agent may be given; nothing of a person in it.
void write_ready_file(const std::filesystem::path& path, const Endpoints& endpoints, const Secret& agent_token);
// The one-use sign-in link, alone, mode 0600.
void write_admin_link(const std::filesystem::path& path, const std::string& base_url, const Secret& link_token);

// The agent token that `dev` keeps between runs (0600, in its data folder); empty when there is none.
Secret read_token_file(const std::filesystem::path& path);
void write_token_file(const std::filesystem::path& path, const Secret& token);
// Hands a kept token to whoever checks it.
std::string_view token_text(const Secret& token);

// What `dev` prints. The sign-in link is the first line.
void print_dev_banner(const Endpoints& endpoints, const Secret& link_token, const Secret& agent_token,
                      const std::string& data_dir);
// `person add` and the like: one link on standard output.
void print_sign_in_link(const std::string& base_url, const Secret& link_token);
// `agent add`: the token alone on one line, so that a script can take it.
void print_agent_token(const Secret& agent_token);
// The line that makes a first handoff.
std::string first_call_line(const std::string& base_url, const Secret& agent_token);

}  // namespace countersign::app
