#include "oauth/client_auth.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret_text.h"
#include "crypto/jose.h"
#include "http/media_type.h"
#include "oauth/authorization_request.h"

namespace countersign::oauth {
namespace {

constexpr std::chrono::seconds kTotal{20};
constexpr std::size_t kLargestAnswer = 64 * 1024;
constexpr std::chrono::seconds kAssertionLifetime{60};
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::int64_t seconds_of(Instant instant) {
  return std::chrono::duration_cast<std::chrono::seconds>(instant.time_since_epoch()).count();
}

// RFC 7523 section 3. The audience is the issuer, as one text: a list would let another server of it use the proof.
Secret assertion(const Target& target, const Clock& clock, Random& random) {
  std::array<std::byte, 16> id{};
  random.fill(id);
  const std::string& client_id = target.client.client.client_id;
  const std::int64_t now = seconds_of(clock.now());
  const Json claims = {{"iss", client_id},
                       {"sub", client_id},
                       {"aud", target.server.issuer.empty() ? target.server.token_endpoint : target.server.issuer},
                       {"iat", now},
                       {"exp", now + kAssertionLifetime.count()},
                       {"jti", base64url(id)}};
  return crypto::sign_es256(target.client.private_key, "JWT", dump_json(claims));
}

bool is_ours(std::string_view header) {
  constexpr std::array<std::string_view, 3> kOurs{"accept", "authorization", "content-type"};
  return std::any_of(kOurs.begin(), kOurs.end(), [&](auto ours) { return http::equal_ignoring_case(header, ours); });
}

}  // namespace

http::ClientHeader basic(std::string_view client_id, const Secret& secret) {
  WipingBuffer pair;
  append_percent_encoded(pair, client_id);
  pair.push_back(':');
  append_percent_encoded(pair, secret.reveal());
  return {"Authorization", "Basic ", base64(view(pair))};
}

void authenticate(const Target& target, const Clock& clock, Random& random, http::ClientRequest& request,
                  RequestBody& body) {
  const domain::OAuthClient& client = target.client.client;
  switch (client.auth) {
    case domain::ClientAuth::kBasic:
      request.headers.push_back(basic(client.client_id, target.client.secret));
      return;
    case domain::ClientAuth::kNone:
      body.add("client_id", client.client_id);
      return;
    case domain::ClientAuth::kPost:
      body.add("client_id", client.client_id);
      body.add("client_secret", target.client.secret.reveal());
      return;
    case domain::ClientAuth::kPrivateKeyJwt:
      body.add("client_id", client.client_id);
      body.add("client_assertion_type", kAssertionType);
      body.add("client_assertion", assertion(target, clock, random).reveal());
      return;
  }
}

http::ClientRequest request_to(const std::string& url, const domain::OAuthSpec& spec) {
  if (!is_endpoint(url)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_endpoint",
                "An address of the authorization server is no https URL. Correct it where the client is set up.");
  }
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.url = url;
  request.limits.total = kTotal;
  request.limits.body_bytes = kLargestAnswer;
  request.headers.push_back({"Accept", "application/json", {}});
  for (const auto& [name, value] : spec.token_headers) {
    if (!is_ours(name)) request.headers.push_back({name, value, {}});
  }
  return request;
}

}  // namespace countersign::oauth
