#include "flows/scripted_provider.h"

#include <algorithm>
#include <stdexcept>

#include "base/encoding.h"
#include "base/secret_text.h"
#include "crypto/jose.h"
#include "crypto/pkce.h"
#include "http/form.h"

namespace countersign::flows {
namespace {

using Fields = ScriptedProvider::Fields;

std::string at(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

std::string origin_of(std::string_view url) { return std::string(url.substr(0, url.find('/', 8))); }

http::ClientResponse refusal(std::string_view error, int status = 400) {
  return ScriptedProvider::answer(status, dump_json({{"error", error}}));
}

void demand(bool kept, const std::string& rule) {
  if (!kept) throw std::runtime_error("the provider shows its own error page: " + rule);
}

}  // namespace

Fields ScriptedProvider::Sent::form() const { return http::parse_query(body); }
std::string ScriptedProvider::Sent::origin() const { return origin_of(url); }
std::string ScriptedProvider::Sent::path() const { return url.substr(origin().size()); }
std::string ScriptedProvider::Sent::field(std::string_view name) const { return at(form(), name); }

ScriptedProvider::ScriptedProvider() { change_keys(); }

void ScriptedProvider::change_keys() {
  auto pair = crypto::new_es256_key();
  public_jwk_ = pair.public_jwk;
  private_key_ = std::move(pair.private_key);
}

http::ClientResponse ScriptedProvider::answer(int status, std::string_view body, std::string_view type) {
  http::ClientResponse response;
  response.status = status;
  if (!type.empty()) response.headers.push_back({"content-type", std::string(type)});
  append(response.body, body);
  return response;
}

http::ClientResponse ScriptedProvider::send(http::ClientRequest request) {
  if (beyond != nullptr && !origin_of(request.url).ends_with(".example")) return beyond->send(std::move(request));
  Sent asked{request.method, request.url, {}, std::string(view(request.body))};
  for (const http::ClientHeader& header : request.headers) {
    asked.headers[header.name] = header.value + std::string(header.secret.reveal());
  }
  Script script;
  {
    const std::lock_guard lock(mutex_);
    sent_.push_back(asked);
    const auto found = instead.find(asked.url);
    if (found != instead.end()) script = found->second;
  }
  return script ? script(asked) : answer_to(asked);
}

http::ClientResponse ScriptedProvider::answer_to(const Sent& asked) {
  const std::string path = asked.path();
  if (path == "/.well-known/oauth-authorization-server") return document(asked.origin());
  if (path == "/keys") return answer(200, "{\"keys\":[" + public_jwk_ + "]}");
  if (asked.method != http::Method::kPost) return answer(404, "{}");
  const std::lock_guard lock(mutex_);
  if (path == "/register") return registered(asked);
  if (path == "/token") return token(asked);
  if (path == "/revoke") return revoke(asked);
  return answer(404, "{}");
}

http::ClientResponse ScriptedProvider::document(const std::string& origin) const {
  Json json = {{"issuer", origin},
               {"authorization_endpoint", origin + "/authorize"},
               {"token_endpoint", origin + "/token"},
               {"revocation_endpoint", origin + "/revoke"},
               {"registration_endpoint", origin + "/register"},
               {"jwks_uri", origin + "/keys"},
               {"code_challenge_methods_supported", {"S256"}},
               {"authorization_response_iss_parameter_supported", true}};
  if (const auto changes = metadata.find(origin); changes != metadata.end()) json.merge_patch(changes->second);
  return answer(200, dump_json(json));
}

// RFC 7591: whoever asks for a secret gets one.
http::ClientResponse ScriptedProvider::registered(const Sent& asked) {
  const Json wanted = parse_json(asked.body);
  const bool by_secret = wanted.value("token_endpoint_auth_method", "").starts_with("client_secret");
  const std::string id = next("client");
  Json json = {{"client_id", id}, {"token_endpoint_auth_method", wanted["token_endpoint_auth_method"]}};
  Client client;
  client.redirect_uri = wanted["redirect_uris"][0];
  if (by_secret) json["client_secret"] = client.secret = next("secret-canary");
  clients_[asked.origin()][id] = client;
  return answer(201, dump_json(json));
}

void ScriptedProvider::add_client(const std::string& origin, const std::string& id, Client client) {
  const std::lock_guard lock(mutex_);
  clients_[origin][id] = std::move(client);
}

// A client whose id is a URL describes itself there (Client ID Metadata Document).
ScriptedProvider::Client ScriptedProvider::known_client(const std::string& origin, const std::string& id) const {
  const auto clients = clients_.find(origin);
  if (clients != clients_.end() && clients->second.contains(id)) return clients->second.at(id);
  demand(id.starts_with("https://") && fetch != nullptr, "no client " + id);
  const Json json = parse_json(fetch(id));
  demand(json.value("client_id", "") == id, "the document names another client");
  return {"", json["redirect_uris"][0], ""};
}

std::string ScriptedProvider::consent(const std::string& authorization_url, const Consent& person) {
  const std::lock_guard lock(mutex_);
  const std::string origin = origin_of(authorization_url);
  demand(authorization_url.starts_with(origin + "/authorize?"), "no such page");
  const Fields query = http::parse_query(authorization_url.substr(authorization_url.find('?') + 1));
  const std::string id = at(query, "client_id");
  const Client client = known_client(origin, id);
  demand(at(query, "response_type") == "code", "response_type");
  demand(at(query, "redirect_uri") == client.redirect_uri, "redirect_uri is not the registered one");
  demand(at(query, "state").size() >= 22, "state of less than 128 bits");
  demand(at(query, "code_challenge_method") == "S256", "no PKCE");
  demand(crypto::is_s256_challenge(at(query, "code_challenge")), "code_challenge");

  std::string back =
      client.redirect_uri.substr(client.redirect_uri.find('/', 8)) + "?state=" + percent_encode(at(query, "state"));
  if (sends_iss) back += "&iss=" + percent_encode(origin);
  if (!person.error.empty()) {
    back += "&error=" + percent_encode(person.error);
    if (!person.error_description.empty()) back += "&error_description=" + percent_encode(person.error_description);
    return back;
  }
  const std::string code = next("code-canary");
  codes_[code] = {origin,
                  id,
                  client.redirect_uri,
                  at(query, "code_challenge"),
                  person.granted.empty() ? at(query, "scope") : person.granted,
                  at(query, "nonce"),
                  person.account};
  return back + "&code=" + code;
}

// RFC 6749 section 2.3: one way, not two.
bool ScriptedProvider::is_proven(const Sent& asked, const std::string& id, const Client& client) const {
  const Fields form = asked.form();
  const bool by_header = asked.headers.contains("Authorization");
  const bool by_body = form.contains("client_secret");
  const bool by_key = form.contains("client_assertion");
  if (by_header) {
    const std::string pair = percent_encode(id) + ":" + percent_encode(client.secret);
    const Secret wanted = base64(pair);
    return !by_body && !by_key && !form.contains("client_id") &&
           at(asked.headers, "Authorization") == "Basic " + std::string(wanted.reveal());
  }
  if (at(form, "client_id") != id) return false;
  if (by_body) return !by_key && at(form, "client_secret") == client.secret;
  if (by_key) {
    const std::string keys = client.jwks.empty() ? "{}" : fetch(client.jwks);
    return crypto::verify_jws(at(form, "client_assertion"), keys).verdict == crypto::JwsVerdict::kValid;
  }
  return client.secret.empty() && client.jwks.empty();
}

std::string ScriptedProvider::client_of(const Sent& asked) const {
  const auto known = clients_.find(asked.origin());
  if (known != clients_.end()) {
    for (const auto& [id, client] : known->second) {
      if (is_proven(asked, id, client)) return id;
    }
  }
  const std::string id = asked.field("client_id");
  return id.starts_with("https://") && is_proven(asked, id, {}) ? id : std::string();
}

http::ClientResponse ScriptedProvider::token(const Sent& asked) {
  if (at(asked.headers, "Content-Type") != "application/x-www-form-urlencoded") return refusal("invalid_request");
  const std::string client = client_of(asked);
  if (client.empty()) return refusal("invalid_client", 401);
  const std::string type = asked.field("grant_type");
  if (type == "authorization_code") return redeemed(asked, client);
  if (type == "refresh_token") return refreshed(asked, client);
  if (type != "client_credentials") return refusal("unsupported_grant_type");
  Grant machine{asked.origin(), client, asked.field("scope"), "machine", {}, {}, {}};
  return tokens_of(grants_.emplace_back(std::move(machine)), {}, false);
}

// RFC 9700 section 2.1.1 and RFC 7636 section 4.6.
http::ClientResponse ScriptedProvider::redeemed(const Sent& asked, const std::string& client) {
  const auto found = codes_.find(asked.field("code"));
  if (found == codes_.end()) return refusal("invalid_grant");
  Code& code = found->second;
  const bool fits = !code.used && code.origin == asked.origin() && code.client == client &&
                    code.redirect_uri == asked.field("redirect_uri") &&
                    crypto::s256_matches(Secret(asked.field("code_verifier")), code.challenge);
  code.used = true;
  if (!fits) return refusal("invalid_grant");
  Grant grant{code.origin, client, code.scope, code.account, {}, {}, {}};
  return tokens_of(grants_.emplace_back(std::move(grant)), code.nonce, true);
}

// RFC 9700 section 4.14.2: an old one that comes again ends the whole grant.
http::ClientResponse ScriptedProvider::refreshed(const Sent& asked, const std::string& client) {
  const std::string shown = asked.field("refresh_token");
  for (Grant& grant : grants_) {
    const bool is_old = grant.old.contains(shown);
    if (grant.origin != asked.origin() || grant.client != client || (grant.refresh != shown && !is_old)) continue;
    if (is_old) grant.live = false;
    if (!grant.live) return refusal("invalid_grant");
    return tokens_of(grant, {}, rotates);
  }
  return refusal("invalid_grant");
}

http::ClientResponse ScriptedProvider::tokens_of(Grant& grant, const std::string& nonce, bool new_refresh) {
  const std::string access = next("at-canary");
  grant.access.insert(access);
  Json json = {{"token_type", "Bearer"},
               {"access_token", access},
               {"scope", grant.scope},
               {"user", {{"id", grant.account}, {"name", grant.account + "@example"}}}};
  if (lifetime > 0) json["expires_in"] = lifetime;
  if (new_refresh) {
    if (!grant.refresh.empty()) grant.old.insert(grant.refresh);
    json["refresh_token"] = grant.refresh = next("rt-canary");
  }
  if (!nonce.empty()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count();
    Json claims = {{"iss", grant.origin}, {"sub", grant.account}, {"aud", grant.client},
                   {"iat", seconds},      {"exp", seconds + 300}, {"nonce", nonce}};
    if (const auto more = id_token_extra.find(grant.origin); more != id_token_extra.end()) {
      claims.merge_patch(more->second);
    }
    json["id_token"] = std::string(crypto::sign_es256(private_key_, "JWT", dump_json(claims)).reveal());
  }
  json.merge_patch(token_extra);
  return answer(200, dump_json(json));
}

// RFC 7009.
http::ClientResponse ScriptedProvider::revoke(const Sent& asked) {
  if (client_of(asked).empty()) return refusal("invalid_client", 401);
  const std::string token = asked.field("token");
  revoked_.push_back(token);
  for (Grant& grant : grants_) {
    if (grant.refresh == token || grant.access.contains(token)) grant.live = false;
  }
  return answer(200, "{}");
}

std::string ScriptedProvider::next(std::string_view kind) { return std::string(kind) + "-" + std::to_string(++count_); }

std::vector<ScriptedProvider::Sent> ScriptedProvider::sent(std::string_view url) const {
  const std::lock_guard lock(mutex_);
  std::vector<Sent> found;
  std::copy_if(sent_.begin(), sent_.end(), std::back_inserter(found),
               [&](const Sent& one) { return url.empty() || one.url == url; });
  return found;
}

std::size_t ScriptedProvider::refreshes() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(sent_.begin(), sent_.end(), [](const Sent& one) {
    return one.body.find("grant_type=refresh_token") != std::string::npos;
  }));
}

std::size_t ScriptedProvider::live_grants() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(grants_.begin(), grants_.end(), [](const Grant& grant) { return grant.live; }));
}

std::vector<std::string> ScriptedProvider::revoked() const {
  const std::lock_guard lock(mutex_);
  return revoked_;
}

void ScriptedProvider::end_all_grants() {
  const std::lock_guard lock(mutex_);
  for (Grant& grant : grants_) grant.live = false;
}

}  // namespace countersign::flows
