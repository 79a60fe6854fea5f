#include "oauth/tokens_target.h"

#include "oauth/clients.h"

namespace countersign::oauth {

domain::OAuthSpec spec_of(const catalog::Catalog& catalog, const domain::Connection& connection) {
  const auto integration = catalog.find(connection.integration);
  const domain::AuthTemplate* form = integration ? integration->find_template(connection.auth_template) : nullptr;
  return spec_for(form != nullptr && form->oauth ? form : nullptr);
}

domain::OAuthServer server_of(const domain::OAuthClient& client, const domain::Connection& connection) {
  domain::Parameters labels = connection.plain_fields;  // the first of a name counts: what the person typed
  labels.insert(labels.end(), client.plain_fields.begin(), client.plain_fields.end());
  return filled(client.server, labels);
}

RevocationResult revoke_all(const ServerCalls& calls, const Target& target, const vault::Fields& tokens) {
  const auto refresh = tokens.find(kRefreshToken);
  if (refresh != tokens.end() && target.spec.revocation == domain::RevocationStyle::kRfc7009) {
    RevocationResult result = calls.revoke(target, refresh->second, kRefreshToken);
    if (!result.confirmed) return result;
  }
  const auto access = tokens.find(kAccessToken);
  if (access == tokens.end()) return {.confirmed = true, .worth_retrying = false, .problem = {}};
  return calls.revoke(target, access->second, kAccessToken);
}

}  // namespace countersign::oauth
