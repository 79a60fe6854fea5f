// Token revocation (RFC 7009) and its two kin. What counts is that the token does not work any more.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "oauth/answer_body.h"
#include "oauth/client_auth.h"
#include "oauth/request_body.h"
#include "oauth/server_calls.h"

namespace countersign::oauth {
namespace {

using domain::RevocationStyle;

// "https://api.example.com/applications/:client_id/token": one segment of the path is the client's own id. Written so
// in the integration file (catalog/read_server.cc), since braces there are host labels of the template.
std::string with_client_id(std::string url, std::string_view client_id) {
  constexpr std::string_view kSegment = "/:client_id/";
  const std::size_t at = url.find(kSegment);
  if (at == std::string::npos) return url;
  return url.replace(at + 1, kSegment.size() - 2, percent_encode(client_id));
}

// A token that the server does not know, or knows to be over, needs no revoking (RFC 7009 section 2.2).
bool is_unknown_token(std::string_view error) {
  constexpr std::array<std::string_view, 6> kErrors{"invalid_token", "invalid_grant", "token_revoked",
                                                    "token_expired", "invalid_auth",  "account_inactive"};
  return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

RevocationResult read_revocation(const http::ClientResponse& response, const domain::OAuthSpec& spec) {
  const bool success = response.status == 200 || response.status == 204;
  const auto json = success ? json_of(response) : std::nullopt;
  const bool flagged = json && !spec.answer.ok.empty() && json->boolean(spec.answer.ok) == false;
  if (success && !flagged) return {true, false, {}};
  const TokenRefusal refusal = read_refusal(response);
  if (is_unknown_token(refusal.error)) return {true, false, {}};
  // RFC 7009 section 2.2.1: this server never revokes tokens of this kind, so nothing is left to be done.
  if (refusal.error == "unsupported_token_type") return {true, false, refusal.error};
  // A bearer that is refused is not one any more.
  if (spec.revocation == RevocationStyle::kBearer && response.status == 401) return {true, false, {}};
  return {false, refusal.kind == TokenRefusal::Kind::kPassing, refusal.error};
}

}  // namespace

RevocationResult ServerCalls::revoke(const Target& target, const Secret& token,
                                     std::string_view token_type_hint) const {
  const std::string& endpoint = target.server.revocation_endpoint;
  if (endpoint.empty()) return {false, false, "no_revocation_endpoint"};
  http::ClientRequest request = request_to(with_client_id(endpoint, target.client.client.client_id), target.spec);
  switch (target.spec.revocation) {
    case RevocationStyle::kRfc7009: {
      RequestBody body(target.spec.token_body);  // who reads JSON at one endpoint reads it at the other
      body.add("token", token.reveal());
      body.add("token_type_hint", token_type_hint);
      authenticate(target, clock_, random_, request, body);
      body.put_into(request);
      break;
    }
    case RevocationStyle::kBearer:
      request.headers.push_back({"Authorization", "Bearer ", Secret::copy_of(token.reveal())});
      break;
    case RevocationStyle::kBasicJson: {
      request.method = http::Method::kDelete;
      request.headers.push_back(basic(target.client.client.client_id, target.client.secret));
      RequestBody body(domain::TokenBody::kJson);
      body.add("access_token", token.reveal());
      body.put_into(request);
      break;
    }
  }
  try {
    RevocationResult result = read_revocation(client_.send(std::move(request)), target.spec);
    if (token.size() >= 8 && result.problem.find(token.reveal()) != std::string::npos) result.problem = "bad_answer";
    return result;
  } catch (const Error& error) {
    const TokenRefusal refusal = refusal_of(error);
    return {false, refusal.kind == TokenRefusal::Kind::kPassing, refusal.error};
  }
}

}  // namespace countersign::oauth
