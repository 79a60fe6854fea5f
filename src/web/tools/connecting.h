// How a tool asks a person to connect something, whatever the integration's template wants: a secret typed into our
// form, or consent at the provider. Used by this folder only.
#pragma once

#include <string>

#include "oauth/connect.h"
#include "web/agent_tools.h"

namespace countersign::web {

struct Wish {
  std::string integration;
  std::string auth_template;  // empty: the integration's first
  std::optional<domain::OwnerKind> owner;
  std::string label;
};
Answer ask_to_connect(const ToolCall& call, const Wish& wish);

// `{status: "connected", connection}` or `{status: "redirect", authorizationUrl, state, …}`.
Answer started_answer(const Services& services, const oauth::Started& started);
// What a consent handoff's answer has beside minted_schema()'s members.
mcp::JsonPtr started_schema();

// The endpoints an agent proposed: "authorizationUrl", "tokenUrl", …; empty ones are the catalogue's.
domain::OAuthServer proposed_server(const Json& arguments);
std::vector<std::string> text_list(const Json& arguments, std::string_view name);
domain::OAuthGrant grant_argument(const Json& arguments);

}  // namespace countersign::web
