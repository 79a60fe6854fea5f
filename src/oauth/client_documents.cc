// What servers may read about our clients: the metadata document whose URL is a client's id, and public keys.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "oauth/client_parts.h"

namespace countersign::oauth {
namespace {

Error no_document() { return Error(ErrorCode::kNotFound, "unknown_client", "There is no such document."); }

}  // namespace

std::string Clients::document_url(OAuthClientId id) const {
  return options_.public_url + "/oauth/clients/" + id.text() + "/metadata.json";
}

domain::OAuthClient Clients::published(OAuthClientId id) const {
  auto client = find(parts_.workspace, id);
  if (!client || client->removed_at != Instant()) throw no_document();
  return std::move(*client);
}

// draft-ietf-oauth-client-id-metadata-document: the id is the URL exactly, and nothing of it is a secret.
std::string Clients::metadata_document(OAuthClientId id) const {
  const auto client = published(id);
  if (client.origin != domain::ClientOrigin::kMetadataDocument) throw no_document();
  return dump_json({{"client_id", client.client_id},
                    {"client_name", options_.client_name},
                    {"client_uri", options_.public_url},
                    {"redirect_uris", {redirect_uri(id)}},
                    {"grant_types", {"authorization_code", "refresh_token"}},
                    {"response_types", {"code"}},
                    {"token_endpoint_auth_method", "none"},
                    {"application_type", is_native() ? "native" : "web"}});
}

std::string Clients::key_set(OAuthClientId id) const {
  const auto client = published(id);
  if (client.public_jwk.empty()) throw no_document();
  return "{\"keys\":[" + client.public_jwk + "]}";
}

}  // namespace countersign::oauth
