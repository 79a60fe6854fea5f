#include "web/connection_views.h"

#include <nlohmann/json.hpp>

#include "web/agent_views.h"

namespace countersign::web {
namespace {

namespace schema = mcp::schema;

constexpr schema::Range kTimes{.min = 0, .max = 253'402'300'799'999};  // to the year 9999
constexpr schema::Range kCounts{.min = 0, .max = 10'000};

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

void show_client(const Services& services, const domain::OAuthAccount& account, Json& view) {
  const auto client = services.oauth_clients.find(account.workspace, account.client);
  if (!client) return;
  view["oauthClient"] = client->slug;
  view["oauthClientOwner"] = domain::kOwnerNames[client->owner.kind];
}

// Milliseconds, as Executor has it; our own deadlines are RFC 3339.
void show_account(const Services& services, const domain::OAuthAccount& account, Detail detail, Json& view) {
  if (account.expires_at != Instant()) view["expiresAt"] = account.expires_at.time_since_epoch().count();
  show_client(services, account, view);
  view["oauthScopeCount"] = account.granted.size();
  if (detail == Detail::kFull) view["oauthScope"] = joined(account.granted);
  if (!account.problem.empty()) view["problem"] = account.problem;
}

}  // namespace

Json connection_view(const Services& services, const domain::Connection& connection, Detail detail) {
  const std::string_view owner = domain::kOwnerNames[connection.owner.kind];
  Json view = {{"connectionId", connection.id.text()},
               {"owner", owner},
               {"name", connection.name},
               {"integration", connection.integration},
               {"template", connection.auth_template},
               {"provider", connection.references.empty() ? "countersign" : connection.references.front().provider},
               {"address", connection.integration + "." + std::string(owner) + "." + connection.name},
               {"status", domain::kConnectionStateNames[connection.state]},
               {"identityLabel", nullptr},
               {"expiresAt", nullptr},
               {"oauthClient", nullptr},
               {"oauthClientOwner", nullptr},
               {"oauthScopeCount", nullptr},
               {"createdAt", rfc3339(connection.created_at)}};
  if (!connection.identity_label.empty()) view["identityLabel"] = connection.identity_label;
  if (!connection.base_url.empty()) view["baseUrl"] = connection.base_url;
  if (const std::string address = services.webhooks.address_of(connection); !address.empty()) {
    view["webhookUrl"] = address;
  }
  if (const auto account = services.tokens.account(connection.workspace, connection.id)) {
    show_account(services, *account, detail, view);
  }
  return view;
}

schema::Schema connection_schema() {
  return schema::Object("One authorised account; never its secret")
      .required("connectionId", schema::text("Its id", {.max = 64}))
      .required("owner", schema::one_of("Whose it is", {"user", "org"}))
      .required("name", schema::text("Unique for its owner and integration", {.max = 512}))
      .required("integration", schema::text("Its slug", {.max = 64}))
      .required("template", schema::text("How the credential is placed", {.max = 64}))
      .required("provider", schema::text("Where the secret lives", {.max = 64}))
      .required("address", schema::text("integration.owner.name", {.max = 1024}))
      .required("status", schema::one_of("Whether it can be used", {"active", "refreshing", "needs_reauth", "revoked"}))
      .required("createdAt", schema::text("RFC 3339", {.max = 32}))
      .optional("identityLabel", schema::nullable(schema::text("Which account", {.max = 512})))
      .optional("baseUrl", schema::text("The only place it is sent to", {.max = 2048}))
      .optional("webhookUrl", schema::text("Where the provider is to send to", {.max = 2048}))
      .optional("expiresAt", schema::nullable(schema::integer("End of the access token, ms since 1970", kTimes)))
      .optional("oauthClient", schema::nullable(schema::any_text("Made with it")))
      .optional("oauthClientOwner", schema::nullable(schema::any_text("user or org")))
      .optional("oauthScopeCount", schema::nullable(schema::integer("How many were granted", kCounts)))
      .optional("oauthScope", schema::any_text("Those granted"))
      .optional("problem", schema::any_text("Of the last renewal"))
      .open();
}

}  // namespace countersign::web
