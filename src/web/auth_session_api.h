// The REST door for programs that have no token yet: /v1/auth-sessions. It needs none, so it knows nobody; what
// strangers can cost is capped in handoff::Logins and in AgentDoor::for_anybody.
//
// Here, and nowhere else, a grant's token leaves: to the program that proves the verifier, or that brings the code
// a person carried to it (DESIGN 3.1). Never over MCP.
#pragma once

#include <span>
#include <string_view>

#include "web/agent_door.h"

namespace countersign::web {

inline constexpr std::string_view kCreateSession = "create_auth_session";
inline constexpr std::string_view kGetSession = "get_auth_session";
inline constexpr std::string_view kRedeemSession = "redeem_auth_session";
inline constexpr std::string_view kCancelSession = "cancel_auth_session";
inline constexpr std::string_view kConnectSession = "connect_auth_session";

// Its rows; `tool` is the operation's name, whose words follow.
std::span<const AgentOperation> auth_session_operations();
const mcp::Tool& auth_session_words(std::string_view operation);

// add_agent_api_routes calls it.
void add_auth_session_routes(http::Router& router, AgentDoor& door);

}  // namespace countersign::web
