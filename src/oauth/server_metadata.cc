#include "oauth/server_metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "oauth/authorization_request.h"
#include "oauth/url.h"

namespace countersign::oauth {
namespace {

using domain::OAuthServer;

constexpr std::size_t kLongestScope = 256;
constexpr std::size_t kMostServers = 16;
constexpr std::size_t kMostMethods = 32;

Error bad_metadata(std::string detail) {
  return Error(ErrorCode::kUpstream, "bad_metadata",
               "The metadata of the authorization server, or of the resource, is not what it must be.",
               std::move(detail));
}

// One metadata document. Null is read as absent; anything else of a wrong type refuses the whole.
class Document {
 public:
  explicit Document(std::string_view text) : json_(parse(text)) {
    if (!json_.is_object()) throw bad_metadata("no object");
  }

  std::string text(const char* name) const {
    const Json* const value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) throw bad_metadata(std::string(name) + " is no text");
    return value->get<std::string>();
  }
  std::string endpoint(const char* name) const {
    std::string url = text(name);
    if (!url.empty() && !is_endpoint(url)) throw bad_metadata(std::string(name) + " is no https URL");
    return url;
  }
  bool flag(const char* name) const {
    const Json* const value = find(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) throw bad_metadata(std::string(name) + " is no boolean");
    return value->get<bool>();
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> all;
    const Json* const value = find(name);
    if (value == nullptr) return all;
    if (!value->is_array()) throw bad_metadata(std::string(name) + " is no array");
    for (const Json& one : *value) {
      if (!one.is_string()) throw bad_metadata(std::string(name) + " holds something that is no text");
      all.push_back(one.get<std::string>());
    }
    return all;
  }

 private:
  static Json parse(std::string_view text) {
    try {
      return parse_json(text);
    } catch (const Error& error) {
      throw bad_metadata(error.message());
    }
  }
  const Json* find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  const Json json_;
};

// RFC 6749 section 3.3, as far as it goes: what could not be a scope cannot be asked for.
bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= kLongestScope &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

std::vector<std::string> scopes_of(const Document& document) {
  std::vector<std::string> scopes = document.texts("scopes_supported");
  std::erase_if(scopes, [](const std::string& scope) { return !is_scope(scope); });
  if (scopes.size() > kMostScopesTaken) scopes.resize(kMostScopesTaken);
  return scopes;
}

bool names_s256(const Document& document) {
  const auto methods = document.texts("code_challenge_methods_supported");
  return std::find(methods.begin(), methods.end(), "S256") != methods.end();
}

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// The root's document speaks for the whole origin; with the slash that URL parsers like to put there, or without.
bool is_origin_of(std::string_view named, std::string_view resource) {
  const auto parts = parse_url(resource);
  return parts && without_slash(named) == parts->origin();
}

}  // namespace

std::vector<std::string> server_metadata_urls(std::string_view issuer) {
  const auto parts = parse_url(issuer);
  if (!parts || !is_endpoint(issuer) || parts->has_query) {
    throw Error(ErrorCode::kInvalidArgument, "bad_issuer",
                "An issuer must be an https URL without a query and without a fragment.");
  }
  const std::string origin = parts->origin();
  // RFC 8414 section 3.1: a slash at the end goes before anything is put in.
  const std::string path(without_slash(parts->path));
  std::vector<std::string> urls{origin + "/.well-known/oauth-authorization-server" + path,
                                origin + "/.well-known/openid-configuration" + path};
  if (!path.empty()) urls.push_back(origin + path + "/.well-known/openid-configuration");
  return urls;
}

OAuthServer parse_server_metadata(std::string_view text, std::string_view issuer) {
  const Document document(text);
  OAuthServer server;
  server.issuer = document.text("issuer");
  if (server.issuer != issuer) {  // RFC 8414 section 3.3: identical, nothing is normalised
    throw Error(ErrorCode::kUpstream, "issuer_mismatch",
                "The authorization server's metadata names another issuer than the one it was asked for.",
                "asked for " + std::string(issuer));
  }
  server.authorization_endpoint = document.endpoint("authorization_endpoint");
  server.token_endpoint = document.endpoint("token_endpoint");
  if (server.token_endpoint.empty()) throw bad_metadata("no token_endpoint");
  server.revocation_endpoint = document.endpoint("revocation_endpoint");
  server.registration_endpoint = document.endpoint("registration_endpoint");
  server.par_endpoint = document.endpoint("pushed_authorization_request_endpoint");
  server.jwks_uri = document.endpoint("jwks_uri");
  server.userinfo_endpoint = document.endpoint("userinfo_endpoint");
  server.par_required = document.flag("require_pushed_authorization_requests");
  server.iss_in_callback = document.flag("authorization_response_iss_parameter_supported");
  server.client_id_metadata = document.flag("client_id_metadata_document_supported");
  server.s256 = names_s256(document);  // RFC 8414 section 2: left out means no PKCE
  server.auth_methods = document.texts("token_endpoint_auth_methods_supported");
  if (server.auth_methods.size() > kMostMethods) throw bad_metadata("too many authentication methods");
  server.scopes = scopes_of(document);
  return server;
}

std::vector<std::string> resource_metadata_urls(std::string_view resource) {
  const auto parts = parse_url(resource);
  if (!parts || !is_endpoint(resource)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_resource", "A resource must be an https URL without a fragment.");
  }
  const std::string root = parts->origin() + "/.well-known/oauth-protected-resource";
  const std::string path(parts->path == "/" ? "" : parts->path);
  const std::string query = parts->has_query ? "?" + std::string(parts->query) : "";
  if (path.empty() && query.empty()) return {root};
  return {root + path + query, root};
}

ResourceMetadata parse_resource_metadata(std::string_view text, std::string_view resource) {
  const Document document(text);
  ResourceMetadata metadata;
  metadata.resource = document.text("resource");
  // RFC 9728 section 3.3: or tokens for this resource would be asked for, and handed out, in another one's name.
  if (metadata.resource != resource && !is_origin_of(metadata.resource, resource)) {
    throw Error(ErrorCode::kUpstream, "resource_mismatch",
                "The metadata found for this resource is that of another one, so it is not trusted.",
                "asked for " + std::string(resource));
  }
  metadata.authorization_servers = document.texts("authorization_servers");
  if (metadata.authorization_servers.size() > kMostServers) throw bad_metadata("too many authorization servers");
  for (const std::string& server : metadata.authorization_servers) {
    if (!is_endpoint(server)) throw bad_metadata("an authorization server is no https URL");
  }
  metadata.scopes = scopes_of(document);
  return metadata;
}

}  // namespace countersign::oauth
