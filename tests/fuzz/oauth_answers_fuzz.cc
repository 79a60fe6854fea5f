// Arbitrary bytes as what a provider answers; the first byte says which reader gets the rest. Whatever comes, it is
// taken with everything in its bounds, or refused in one of the documented ways. Under clang:
// -fsanitize=fuzzer,address,undefined (preset `fuzz`); tests/oauth/answers_corpus_test.cc runs it over
// corpus/oauth_answers in every build.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "oauth/authorization_request.h"
#include "oauth/server_metadata.h"
#include "oauth/token_answer.h"

namespace countersign::oauth {
namespace {

constexpr std::string_view kIssuer = "https://as.example";
constexpr std::string_view kResource = "https://api.example/mcp";

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// With every difference at once that a provider's file can name.
const domain::OAuthSpec& fuzzed_spec() {
  static const domain::OAuthSpec spec = [] {
    domain::OAuthSpec made;
    made.answer.numeric_text = true;
    made.answer.token_type_optional = true;
    made.keep = {{"/team/id", "team_id"}};
    made.base_url.from = "/instance_url";
    made.base_url_hosts = {".example.com"};
    made.account = {domain::AccountFrom::kTokenAnswer, "", "", {"/team/id", "/user"}, {"/name"}};
    return made;
  }();
  return spec;
}

void check_answer(const TokenAnswer& answer) {
  for (const Secret* token : {&answer.access_token, &answer.refresh_token, &answer.id_token}) {
    require(token->size() <= 16 * 1024 && is_visible(token->reveal()));
  }
  require(!answer.access_token.empty());
  require(!answer.lifetime || answer.lifetime->count() > 0);
  for (const auto& scope : answer.scopes.value_or(std::vector<std::string>{})) {
    require(!scope.empty() && is_visible(scope));
  }
  for (const auto& [field, value] : answer.kept) require(!value.empty() && is_visible(value));
  require(answer.base_url.empty() || host_of(answer.base_url).ends_with(".example.com"));
  require(answer.account_id.size() <= 512);
}

void check_refusal(const TokenRefusal& refusal) {
  require(!refusal.error.empty() && refusal.error.size() <= 64 && is_visible(refusal.error));
  require(refusal.words.size() <= 300 * 4);
}

void read_token(int status, std::string_view text) {
  http::ClientResponse response;
  response.status = status;
  append(response.body, text);
  const TokenResult result = read_token_answer(response, fuzzed_spec());
  if (const auto* answer = std::get_if<TokenAnswer>(&result)) {
    check_answer(*answer);
  } else {
    check_refusal(std::get<TokenRefusal>(result));
  }
}

template <class Parse>
void expect_upstream(Parse parse) {
  try {
    parse();
  } catch (const Error& error) {
    require(error.code() == ErrorCode::kUpstream);
  }
}

void check_server(const domain::OAuthServer& server) {
  require(server.issuer == kIssuer && is_endpoint(server.token_endpoint));
  for (const std::string* url :
       {&server.authorization_endpoint, &server.revocation_endpoint, &server.registration_endpoint,
        &server.par_endpoint, &server.jwks_uri, &server.userinfo_endpoint}) {
    require(url->empty() || is_endpoint(*url));
  }
  require(server.scopes.size() <= kMostScopesTaken);
}

void check_resource(const ResourceMetadata& metadata) {
  require(metadata.resource == kResource || kResource.starts_with(metadata.resource));
  for (const std::string& server : metadata.authorization_servers) require(is_endpoint(server));
}

void check_challenge(std::string_view text) {
  const BearerChallenge challenge = parse_bearer_challenge(text);
  require(challenge.resource_metadata.size() + challenge.scope.size() + challenge.error.size() <= text.size());
}

}  // namespace
}  // namespace countersign::oauth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace countersign::oauth;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0]) {
    case 't':
      read_token(200, text);
      break;
    case 'e':
      read_token(400, text);
      break;
    case 's':
      expect_upstream([&] { check_server(parse_server_metadata(text, kIssuer)); });
      break;
    case 'r':
      expect_upstream([&] { check_resource(parse_resource_metadata(text, kResource)); });
      break;
    default:
      check_challenge(text);
  }
  return 0;
}
