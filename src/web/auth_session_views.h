// A login (create_auth_session) as the asker sees it. Read by models as well as programs, so nothing here ever
// holds a token, a verifier or a code that opens anything (auth_session_api.cc adds what a program alone gets).
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"
#include "handoff/login.h"
#include "mcp/schema.h"
#include "web/agent_tools.h"

namespace countersign::web {

// What both doors take for a new session.
handoff::LoginRequest login_request(const Json& arguments, std::string_view address);
Answer minted_login_answer(const Services& services, const handoff::MintedLogin& minted);

Answer login_answer(const Services& services, const handoff::LoginState& state);
Json scope_list(domain::ScopeSet scopes);
// True when only a person's next step can bring news: not settled, and not waiting for a return code, which the
// asker has to bring.
bool is_worth_waiting(const handoff::LoginState& state);
// Without a wait, or with nothing to wait for: the answer, at the pace of Logins::keep_pace. Else a hold.
ToolOutcome wait_for_login(const Services& services, const std::string& session_request_id, std::chrono::seconds wait);
// How long a hold on a session lasts: to its deadline and a little more, so that the last look finds it expired.
std::chrono::milliseconds longest_hold(const Services& services, const handoff::LoginState& state,
                                       std::chrono::seconds wait);

mcp::schema::Object login_input();
mcp::schema::Object minted_login_output();
mcp::schema::Object login_output();

}  // namespace countersign::web
