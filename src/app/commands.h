// What the command line does besides serving: one function per command, each with its own exit code. Those
// that only look work beside a running broker; those that change something need the data directory to
// themselves and say so.
#pragma once

#include <filesystem>
#include <string>

#include "app/config.h"
#include "app/exit_code.h"
#include "domain/people.h"

namespace countersign::app {

enum class Output { kText, kJson };

struct PersonOptions {
  std::string login;
  std::string name;
  domain::Role role = domain::Role::kMember;
};

struct AgentOptions {
  std::string name;
  std::string owner;   // a person's login; empty: the workspace's, for org connections only
  int days = 0;        // 0: until it is revoked
  std::string scopes;  // separated by spaces; empty: the usual ones
};

ExitCode key_create(const std::filesystem::path& path);
ExitCode key_status(const Config& config, Output output);
ExitCode audit_verify(const Config& config, Output output);
ExitCode audit_export(const Config& config);
// Prints a one-use sign-in link, good for a day.
ExitCode person_add(const Config& config, const PersonOptions& person);
// A fresh one-use link for somebody who cannot get in; nothing else of theirs changes.
ExitCode person_reset(const Config& config, const std::string& login);
// For an account that is lost or in the wrong hands: no password, no session, no earlier link; prints a new link.
ExitCode person_recover(const Config& config, const std::string& login);
// Prints the new agent's token, once.
ExitCode agent_add(const Config& config, const AgentOptions& agent);
ExitCode agent_list(const Config& config, Output output);
// Also cancels what the agent has pending.
ExitCode agent_revoke(const Config& config, const std::string& id);
ExitCode config_show(const Config& config);
ExitCode config_explain(const std::string& key);

}  // namespace countersign::app
