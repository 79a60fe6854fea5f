// Real services on a real store in a folder of its own, a clock that stands still, and one function that
// does what the guard does with a request. The whole program, guard included, is tests/flows.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/id_source.h"
#include "crypto/init.h"
#include "crypto/key_ring.h"
#include "handoff/connections.h"
#include "handoff/handoffs.h"
#include "http/form.h"
#include "http/guard.h"
#include "oauth/id_token.h"
#include "sql/sqlite_store.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"
#include "support/temp_dir.h"
#include "support/test_mac.h"
#include "vault/providers.h"
#include "vault/vault.h"
#include "web/assets.h"
#include "web/authenticate.h"
#include "web/routes.h"
#include "web/template_engine.h"

namespace countersign::web {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

inline constexpr std::string_view kOrigin = "http://127.0.0.1:7117";
using Headers = std::vector<http::Header>;
using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::string text_of(const http::Response& response) { return std::string(view(response.body)); }

inline std::vector<std::string> headers_of(const http::Response& response, std::string_view name) {
  std::vector<std::string> values;
  for (const http::Header& header : response.headers) {
    if (header.name == name) values.push_back(header.value);
  }
  return values;
}
inline std::string header_of(const http::Response& response, std::string_view name) {
  const auto values = headers_of(response, name);
  EXPECT_LE(values.size(), 1U) << name;
  return values.empty() ? "" : values.front();
}

// The network as a page's test sees it: whatever is asked, this is answered.
class ScriptedClient final : public http::Client {
 public:
  http::ClientResponse send(http::ClientRequest request) override {
    asked.push_back(request.url);
    http::ClientResponse response;
    response.status = status;
    append(response.body, body);
    return response;
  }
  int status = 200;
  std::string body = "{}";
  std::vector<std::string> asked;
};

class WebTest : public ::testing::Test {
 protected:
  WebTest() {
    store.start(mac);
    add_page_routes(router, services);
  }

  // As the guard: route, authenticate, parse, check the form, call; what is thrown becomes a page.
  http::Response ask(http::Method method, std::string_view target, Headers headers = {}, const Fields& fields = {}) {
    http::Request request;
    request.method = method;
    request.id = "0123456789abcdef";
    request.client_address = address;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.headers = std::move(headers);
    try {
      return answer(request, fields);
    } catch (const Error& error) {
      return page_error(services, request, error, http::http_status(error));
    }
  }
  http::Response get(std::string_view target, Headers headers = {}) {
    return ask(http::Method::kGet, target, std::move(headers));
  }
  http::Response post(std::string_view target, Headers headers, const Fields& fields) {
    return ask(http::Method::kPost, target, std::move(headers), fields);
  }

  domain::Person add_person(std::string login, domain::Role role = domain::Role::kMember) {
    return people.add(by, {kHome, login, login + " the person", role});
  }
  // A live session: the cookie header and the form token.
  struct Session {
    std::string cookie;
    std::string csrf;
    Headers get() const { return {{"cookie", cookie}}; }
    Headers post() const { return {{"cookie", cookie}, {"origin", std::string(kOrigin)}}; }
  };
  Session sign_in_as(PersonId person) {
    const Secret link = people.make_link(by, kHome, person, seconds(60));
    const auto signed_in = sign_in.with_link(link.reveal(), {"192.0.2.7", "test browser"});
    const std::string token(signed_in.cookie.reveal());
    return {"__Host-cs_session_7117=" + token, sign_in.present(token)->csrf};
  }
  // The token of a fresh link; no owner: asked by an agent of the workspace.
  std::string mint(PersonId owner, std::string_view integration) {
    handoff::SecretFormRequest request;
    request.integration = integration;
    const auto grant = grants.issue(by, {.workspace = kHome, .owner = owner, .name = "test <agent>"});
    return handoffs.mint_secret_form({kHome, grant.agent.id, owner}, request).link_token;
  }

 private:
  static handoff::LoginOptions login_options() {
    handoff::LoginOptions options;
    options.workspace = kHome;
    options.loopback_only = true;
    return options;
  }
  static vault::Providers providers() {
    vault::Providers providers;
    providers.push_back(vault::env_provider("AGENT_", {{"AGENT_STRIPE_KEY", "sk_test_0123456789abcdefghij"}}));
    return providers;
  }

  http::Response answer(http::Request& request, const Fields& fields) {
    http::Router::Match match = router.match(request.method, request.path);
    if (!match.route) {
      const int status = match.allowed.empty() ? 404 : 405;
      return page_error(services, request, Error(ErrorCode::kNotFound, "not_found", "No."), status);
    }
    http::Call call{request, doorkeeper.authenticate(request, match.route->access), match.path_params,
                    http::parse_query(request.query)};
    std::string body;
    for (const auto& [name, value] : fields) body += "&" + percent_encode(name) + "=" + percent_encode(value);
    http::Form form = http::parse_form(body.empty() ? "" : body.substr(1), match.route->secret_fields);
    if (match.route->body == http::BodyKind::kForm) call.form = &form;
    if (match.route->access == http::Access::kBrowserForm || match.route->access == http::Access::kAnonymousForm) {
      doorkeeper.check_form(request, call.caller, match.route->access, form);
    }
    return std::get<http::Response>(match.route->handler(call));
  }

  crypto::KeyRing open_ring() {
    using crypto::KeyPurpose;
    crypto::initialise();
    const crypto::MasterKey master(crypto::Key::random(random));
    std::vector<crypto::WrappedKey> wrapped;
    const auto add = [&](KeyPurpose purpose, WorkspaceId workspace) {
      wrapped.push_back(crypto::new_key(master, ids.next<KeyId>(), workspace, purpose, 1, clock.now(), random));
    };
    for (const auto purpose : {KeyPurpose::kToken, KeyPurpose::kLink, KeyPurpose::kFingerprint, KeyPurpose::kCsrf}) {
      add(purpose, {});
    }
    add(KeyPurpose::kData, kHome);
    return crypto::KeyRing::open(master, wrapped);
  }

 protected:
  static constexpr WorkspaceId kHome{1};
  std::string address = "127.0.0.1";  // the browser's
  const domain::Actor by = domain::Actor::command_line();
  support::TempDir dir;
  support::FakeClock clock;
  support::SeededRandom random;
  IdSource ids{clock};
  crypto::KeyRing keys = open_ring();
  support::TestMac mac;
  sql::SqliteStore store{sql::SqliteStore::Options{.path = dir.file("db")}};
  identity::PasswordWorker passwords{crypto::kCheapPasswordCost};
  identity::People people{store, keys, passwords, clock, random, ids};
  identity::Grants grants{store, keys, clock, random, ids};
  identity::SignIn sign_in{store, keys, passwords, clock, random, ids};
  catalog::Catalog catalog{embedded::integrations(), catalog::Mode::kDev};
  vault::Vault vault{store, keys, clock, random};
  ScriptedClient client;
  vault::Bindings bindings{store, providers(), clock, ids};
  handoff::Handoffs handoffs{store, catalog, vault, bindings, client, keys, clock, random, ids};
  handoff::Logins logins{store, keys, grants, clock, random, ids, login_options()};
  handoff::Connections connections{store, clock};
  identity::Accounts accounts{store, people, clock};
  identity::Sessions sessions{store, clock};
  identity::AuditTrail trail{store};
  AuditState chain{10'423, clock.now(), ""};
  std::function<AuditState()> audit_state = [this] { return chain; };
  std::function<SystemFacts()> system_facts = [] { return SystemFacts{{"Version", "0.0.0-test"}}; };
  Settings settings{std::string(kOrigin), true, "_7117", kHome, ""};
  TemplateEngine templates{embedded::templates()};
  Assets assets{embedded::assets()};
  vault::ObjectSeal seals{keys, random};
  oauth::Parts parts{store, catalog, handoffs, vault, bindings, seals, keys, clock, random, ids, kHome};
  oauth::Discovery discovery{client, clock};
  oauth::ServerCalls calls{client, clock, random};
  oauth::IdTokens id_tokens{client, clock};
  oauth::Clients oauth_clients{parts, discovery, calls, {.public_url = std::string(kOrigin)}};
  oauth::Connect oauth_connect{parts, oauth_clients, discovery, calls, id_tokens};
  oauth::Tokens tokens{parts, oauth_clients, calls, [](std::chrono::milliseconds) {}};
  oauth::Revoker revoker{parts, oauth_clients, calls};
  webhook::Webhooks webhooks{store,    catalog, vault,
                             bindings, client,  keys,
                             clock,    ids,     {.workspace = kHome, .public_url = std::string(kOrigin)}};
  Services services{handoffs, logins,  connections, oauth_clients, oauth_connect, discovery,   tokens,      revoker,
                    webhooks, sign_in, people,      accounts,      sessions,      grants,      trail,       bindings,
                    catalog,  clock,   settings,    templates,     assets,        audit_state, system_facts};
  Doorkeeper doorkeeper{sign_in, grants, settings};
  http::Router router;
};

}  // namespace countersign::web
