#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/auth_session_api.h"
#include "web/auth_session_views.h"

namespace countersign::web {
namespace {

using enum http::Method;
namespace schema = mcp::schema;

constexpr std::array<AgentOperation, 5> kOperations{{
    {kPost, "/v1/auth-sessions", kCreateSession, 201, http::BodyKind::kJson},
    {kPost, "/v1/auth-sessions/connect", kConnectSession, 200, http::BodyKind::kJson},
    {kGet, "/v1/auth-sessions/{sessionRequestId}", kGetSession, 200},
    {kPost, "/v1/auth-sessions/{sessionRequestId}", kRedeemSession, 200, http::BodyKind::kJson},
    {kDelete, "/v1/auth-sessions/{sessionRequestId}", kCancelSession, 200},
}};

schema::Schema session_id() { return schema::text("From create_auth_session", {.max = 128}); }
schema::Schema wait_seconds() { return schema::integer("Seconds to wait", {.min = 0, .max = kLongestWait.count()}); }
schema::Schema token_text() { return schema::text("The agent's token; shown once", {.max = 256}); }
schema::Schema expires_at() { return schema::nullable(schema::text("RFC 3339; null: it does not end", {.max = 32})); }

mcp::Tool words(std::string_view name, std::string_view title, std::string_view description, mcp::JsonPtr input,
                mcp::JsonPtr output) {
  mcp::Tool tool;
  tool.name = name;
  tool.title = title;
  tool.description = description;
  tool.input_schema = std::move(input);
  tool.output_schema = std::move(output);
  return tool;
}

std::vector<mcp::Tool> all_words() {
  return {
      words(kCreateSession, "Ask the user to log an agent in",
            "Makes a one-time link where the user logs in and decides what the agent may do. Needs no token. The token "
            "is released to the program that proves the verifier: send the S256 `code_challenge` of your own, or "
            "keep the `codeVerifier` of the answer.",
            login_input().json(),
            minted_login_output()
                .optional("codeVerifier", schema::text("Proves that you began this; keep it secret", {.max = 128}))
                .json()),
      words(kConnectSession, "Get the token of a session by the code on the page",
            "For `countersign client connect CODE`: the code that the page showed the user after Allow. Good for a few "
            "minutes, and until the token has been used.",
            schema::Object().required("code", schema::text("As the user read it", {.max = 64})).json(),
            schema::Object()
                .required("token", token_text())
                .required("agentId", schema::text("Its id", {.max = 64}))
                .required("name", schema::text("What the agent called itself", {.max = 512}))
                .required("scopes", schema::list_of(schema::text("A scope", {.max = 32}), "What was granted", 16))
                .required("expiresAt", expires_at())
                .required("mcpUrl", schema::text("Where to connect", {.max = 2048}))
                .open()
                .json()),
      words(kGetSession, "Look at an auth session",
            "Its state; with `wait` it is answered as soon as the user has decided. Never the token. Polls without a "
            "wait keep to `interval` seconds; faster ones are refused with `slow_down`, and the interval grows.",
            schema::Object().required("sessionRequestId", session_id()).optional("wait", wait_seconds()).json(),
            login_output().json()),
      words(kRedeemSession, "Get the token of an auth session",
            "As the GET, for the program that began the session: once it is active, the answer holds the token. It is "
            "given again for 60 seconds or until its first use.",
            schema::Object()
                .required("sessionRequestId", session_id())
                .required("code_verifier",
                          schema::text("Of the code_challenge, or codeVerifier", {.min = 43, .max = 128}))
                .optional("return_code", schema::text("What the page showed the user after Allow", {.max = 64}))
                .optional("wait", wait_seconds())
                .json(),
            login_output()
                .optional("token", token_text())
                .optional("agentId", schema::text("Its id", {.max = 64}))
                .optional("expiresAt", expires_at())
                .json()),
      words(kCancelSession, "Withdraw an auth session",
            "Withdraws the session, as long as the user has not finished it.",
            schema::Object().required("sessionRequestId", session_id()).json(), login_output().json()),
  };
}

}  // namespace

std::span<const AgentOperation> auth_session_operations() { return kOperations; }

const mcp::Tool& auth_session_words(std::string_view operation) {
  static const std::vector<mcp::Tool> all = all_words();
  const auto found = std::find_if(all.begin(), all.end(), [&](const mcp::Tool& one) { return one.name == operation; });
  if (found == all.end()) throw Error(ErrorCode::kInternal, "unknown_operation", "There is no such operation.");
  return *found;
}

}  // namespace countersign::web
