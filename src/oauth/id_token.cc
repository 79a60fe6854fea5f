#include "oauth/id_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/one_line.h"
#include "crypto/jose.h"

namespace countersign::oauth {
namespace {

constexpr double kSkew = 60;       // seconds that a provider's clock may differ from ours
constexpr double kOldest = 86400;  // seconds since `iat`: it comes fresh from the token endpoint
constexpr std::size_t kLongestSubject = 255;
constexpr std::size_t kLongestLabel = 120;  // code points

Error bad_id_token(std::string_view rule) {
  return Error(ErrorCode::kUpstream, "bad_id_token",
               "Who signed in at the provider could not be verified, so nothing was connected. Start again; if it "
               "stays so, an admin has to check how the provider is set up here.",
               std::string(rule));
}

void require(bool kept, std::string_view rule) {
  if (!kept) throw bad_id_token(rule);
}

std::string_view words_for(crypto::JwsVerdict verdict) {
  switch (verdict) {
    case crypto::JwsVerdict::kValid:
      break;
    case crypto::JwsVerdict::kMalformed:
      return "it is no signed token, or its header asks for what we do not do";
    case crypto::JwsVerdict::kBadAlgorithm:
      return "its algorithm is none that a public key checks";
    case crypto::JwsVerdict::kUnknownKey:
      return "the provider's key set has no key for it";
    case crypto::JwsVerdict::kBadSignature:
      return "its signature is wrong";
  }
  return {};
}

Json parse_claims(const std::string& text) {
  try {
    Json claims = parse_json(text);
    if (claims.is_object()) return claims;
  } catch (const Error&) {  // its own words are about a caller's request
  }
  throw bad_id_token("its claims are no JSON object");
}

// Nothing when it is absent or no text; a claim of another type is never the one we want.
std::optional<std::string_view> text_in(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>();
}

// --- the rules ---

// An audience beside us that we know nothing of is only all right when the token says it was made for us (`azp`).
bool is_for(const Json& claims, std::string_view client_id) {
  const auto aud = claims.find("aud");
  if (aud == claims.end()) return false;
  if (!aud->is_array()) return text_in(claims, "aud") == client_id;
  const auto is_us = [&](const Json& one) { return one.is_string() && one.get_ref<const std::string&>() == client_id; };
  return std::any_of(aud->begin(), aud->end(), is_us) && (aud->size() == 1 || claims.contains("azp"));
}

void check_parties(const Json& claims, const IdTokenExpectation& expected) {
  require(!expected.issuer.empty() && text_in(claims, "iss") == expected.issuer, "iss is not the server's issuer");
  require(!expected.client_id.empty() && is_for(claims, expected.client_id), "aud is not this client");
  require(!claims.contains("azp") || text_in(claims, "azp") == expected.client_id, "azp is not this client");
}

// In doubles: a claim may have a fraction, and may be larger than any integer.
void check_times(const Json& claims, Instant instant) {
  const double now = std::chrono::duration<double>(instant.time_since_epoch()).count();
  const auto seconds = [&](const char* name) {
    const auto found = claims.find(name);
    require(found != claims.end() && found->is_number(), "a time is missing or no number");
    return found->get<double>();
  };
  require(seconds("exp") > now - kSkew, "it has expired");
  const double issued = seconds("iat");
  require(issued <= now + kSkew, "iat is in the future");
  require(issued >= now - kOldest, "iat is too long ago");
}

std::string subject_of(const Json& claims) {
  const auto subject = text_in(claims, "sub");
  require(subject && !subject->empty() && subject->size() <= kLongestSubject, "sub is missing or too long");
  return std::string(*subject);
}

std::string label_of(const Json& claims, const std::vector<std::string>& pointers) {
  for (const std::string& text : pointers) {
    const Json::json_pointer pointer(text);  // checked by the catalog
    if (!claims.contains(pointer) || !claims.at(pointer).is_string()) continue;
    std::string label = one_line(claims.at(pointer).get_ref<const std::string&>(), kLongestLabel);
    if (!label.empty()) return label;
  }
  return {};
}

}  // namespace

Account IdTokens::check(const Secret& id_token, const domain::OAuthServer& server, const domain::AccountSource& source,
                        const IdTokenExpectation& expected) const {
  const Json claims = parse_claims(verified_claims(id_token, server.jwks_uri));
  check_parties(claims, expected);
  check_times(claims, clock_.now());
  require(expected.nonce.empty() || text_in(claims, "nonce") == expected.nonce, "nonce is not the one that was sent");
  return {subject_of(claims), label_of(claims, source.label)};
}

std::string IdTokens::verified_claims(const Secret& id_token, const std::string& jwks_uri) const {
  require(!jwks_uri.empty(), "the server says nowhere which keys it signs with");
  const KeySet keys = keys_.get(jwks_uri);
  crypto::CheckedJws checked = crypto::verify_jws(id_token.reveal(), keys.jwks);
  if (checked.verdict == crypto::JwsVerdict::kUnknownKey) {  // the provider may have changed its keys
    checked = crypto::verify_jws(id_token.reveal(), keys_.newer(jwks_uri, keys).jwks);
  }
  require(checked.verdict == crypto::JwsVerdict::kValid, words_for(checked.verdict));
  return std::move(checked.payload);
}

}  // namespace countersign::oauth
