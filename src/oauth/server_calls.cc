#include "oauth/server_calls.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/error.h"
#include "oauth/answer_body.h"
#include "oauth/client_auth.h"
#include "oauth/request_body.h"

namespace countersign::oauth {
namespace {

using domain::OAuthSpec;
using domain::ResourceUse;

constexpr std::size_t kLongestRequestUri = 1024;
constexpr std::size_t kShortestEcho = 8;
constexpr std::int64_t kLongestPushed = 24 * 3600;

// RFC 8707 section 2.2: in the token request and in every refresh, as in the authorization request.
void add_resource(const OAuthSpec& spec, std::string_view resource, RequestBody& body) {
  if (spec.resource_use == ResourceUse::kResource) body.add("resource", resource);
  if (spec.resource_use == ResourceUse::kAudience) body.add("audience", resource);
}

bool holds(std::string_view text, const Secret& secret) {
  return secret.size() >= kShortestEcho && text.find(secret.reveal()) != std::string_view::npos;
}

// A server that repeats what it was sent must not bring it into a page, an audit record or a log.
TokenRefusal without_echo(TokenRefusal refusal, std::initializer_list<const Secret*> sent) {
  for (const Secret* secret : sent) {
    if (holds(refusal.words, *secret)) refusal.words.clear();
    if (holds(refusal.error, *secret)) refusal.error = "bad_answer";
  }
  return refusal;
}

TokenResult without_echo(TokenResult result, std::initializer_list<const Secret*> sent) {
  if (auto* refusal = std::get_if<TokenRefusal>(&result)) return without_echo(std::move(*refusal), sent);
  return result;
}

// One attempt at the token endpoint.
TokenResult ask(http::Client& client, http::ClientRequest request, const OAuthSpec& spec) {
  try {
    return read_token_answer(client.send(std::move(request)), spec);
  } catch (const Error& error) {
    return refusal_of(error);
  }
}

std::variant<Pushed, TokenRefusal> read_pushed(const http::ClientResponse& response) {
  if (response.status != 200 && response.status != 201) return read_refusal(response);
  TokenRefusal refusal;
  refusal.status = response.status;
  refusal.error = "bad_answer";
  const auto json = json_of(response);
  if (!json) return refusal;
  const auto uri = json->text("/request_uri");
  const auto lifetime = json->integer("/expires_in");
  if (!uri || !is_token_text(*uri) || uri->size() > kLongestRequestUri) return refusal;
  if (!lifetime || *lifetime < 1) return refusal;
  return Pushed{std::string(*uri), std::chrono::seconds(std::min(*lifetime, kLongestPushed))};
}

}  // namespace

TokenResult ServerCalls::redeem(const Target& target, const CodeGrant& grant, std::string_view resource) const {
  http::ClientRequest request = request_to(target.server.token_endpoint, target.spec);
  RequestBody body(target.spec.token_body);
  body.add("grant_type", "authorization_code");
  body.add("code", grant.code.reveal());
  body.add("redirect_uri", grant.redirect_uri);
  body.add("code_verifier", grant.verifier.reveal());
  authenticate(target, clock_, random_, request, body);
  add_resource(target.spec, resource, body);
  body.add(target.spec.token_parameters);
  body.put_into(request);
  return without_echo(ask(client_, std::move(request), target.spec),
                      {&grant.code, &grant.verifier, &target.client.secret});
}

// The scope is left out: RFC 6749 section 6 reads that as the one that was granted.
TokenResult ServerCalls::refresh(const Target& target, const Secret& refresh_token, std::string_view resource) const {
  const domain::OAuthServer& server = target.server;
  http::ClientRequest request =
      request_to(server.refresh_endpoint.empty() ? server.token_endpoint : server.refresh_endpoint, target.spec);
  RequestBody body(target.spec.token_body);
  body.add("grant_type", "refresh_token");
  body.add("refresh_token", refresh_token.reveal());
  authenticate(target, clock_, random_, request, body);
  add_resource(target.spec, resource, body);
  body.add(target.spec.refresh_parameters);
  body.put_into(request);
  return without_echo(ask(client_, std::move(request), target.spec), {&refresh_token, &target.client.secret});
}

TokenResult ServerCalls::client_credentials(const Target& target, const std::vector<std::string>& scopes,
                                            std::string_view resource) const {
  http::ClientRequest request = request_to(target.server.token_endpoint, target.spec);
  RequestBody body(target.spec.token_body);
  body.add("grant_type", "client_credentials");
  std::string scope;
  for (const std::string& one : scopes) (scope += scope.empty() ? "" : target.spec.scope_separator) += one;
  body.add(target.spec.scope_parameter, scope);
  authenticate(target, clock_, random_, request, body);
  add_resource(target.spec, resource, body);
  body.add(target.spec.token_parameters);
  body.put_into(request);
  return without_echo(ask(client_, std::move(request), target.spec), {&target.client.secret});
}

// RFC 9126 section 2.1: always a form, the client authenticated as at the token endpoint.
std::variant<Pushed, TokenRefusal> ServerCalls::push(const Target& target, const domain::Parameters& parameters) const {
  http::ClientRequest request = request_to(target.server.par_endpoint, target.spec);
  RequestBody body(domain::TokenBody::kForm);
  authenticate(target, clock_, random_, request, body);
  body.add(parameters);
  body.put_into(request);
  std::variant<Pushed, TokenRefusal> result;
  try {
    result = read_pushed(client_.send(std::move(request)));
  } catch (const Error& error) {
    result = refusal_of(error);
  }
  if (auto* refusal = std::get_if<TokenRefusal>(&result)) {
    return without_echo(std::move(*refusal), {&target.client.secret});
  }
  return result;
}

}  // namespace countersign::oauth
