// Each OAuth template that ships: what is sent to its provider, byte for byte, and what becomes of the answers that
// the provider's own documentation shows (tests/golden/oauth/documented/<slug>.json, written by hand, with its
// source). tests/golden/oauth/<slug>.json holds both; COUNTERSIGN_REWRITE_GOLDEN=1 writes it anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <type_traits>

#include "base/json.h"
#include "catalog/catalog.h"
#include "oauth/authorization_request.h"
#include "oauth/clients.h"
#include "oauth/wire_client.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

namespace countersign::oauth {
namespace {

using domain::AuthTemplate;
using domain::ClientAuth;
using domain::Parameters;

const std::filesystem::path kFolder = std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "tests/golden/oauth";

// The first template of an integration that is for OAuth has its slug alone as its name.
std::string name_of(const domain::Integration& integration, const AuthTemplate& form) {
  for (const AuthTemplate& one : integration.templates) {
    if (!one.oauth) continue;
    return integration.slug + (&one == &form ? "" : "." + form.slug) + ".json";
  }
  return {};
}

template <class Visit>
void for_each_template(Visit visit) {
  const catalog::Catalog catalog(embedded::integrations(), catalog::Mode::kServe);
  for (const auto& integration : catalog.list()) {
    for (const AuthTemplate& form : integration->templates) {
      if (form.kind == domain::TemplateKind::kOAuth2) visit(*integration, form);
    }
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Secret secret(std::string_view text) { return Secret::copy_of(text); }

Json object_of(const Parameters& parameters) {
  Json object = Json::object();
  for (const auto& [name, value] : parameters) object[name] = value;
  return object;
}

Json request_of(const WireClient::Sent& sent) {
  return {{"method", http::name(sent.method)},
          {"url", sent.url},
          {"headers", object_of(sent.headers)},
          {"body", sent.body}};
}

std::string name_of_kind(TokenRefusal::Kind kind) {
  switch (kind) {
    case TokenRefusal::Kind::kGrant:
      return "grant";
    case TokenRefusal::Kind::kConfiguration:
      return "configuration";
    case TokenRefusal::Kind::kPassing:
      return "passing";
    case TokenRefusal::Kind::kMalformed:
      return "malformed";
  }
  return {};
}

Json answer_of(const TokenAnswer& answer) {
  return {{"access_token", answer.access_token.reveal()},
          {"refresh_token", answer.refresh_token.reveal()},
          {"id_token", answer.id_token.reveal()},
          {"lifetime", answer.lifetime ? Json(answer.lifetime->count()) : Json()},
          {"scopes", answer.scopes ? Json(*answer.scopes) : Json()},
          {"kept", object_of(answer.kept)},
          {"base_url", answer.base_url},
          {"account_id", answer.account_id},
          {"account_label", answer.account_label}};
}
Json result_of(const TokenResult& result) {
  if (const auto* answer = std::get_if<TokenAnswer>(&result)) return answer_of(*answer);
  const auto& refusal = std::get<TokenRefusal>(result);
  return {{"refused", name_of_kind(refusal.kind)}, {"error", refusal.error}, {"words", refusal.words}};
}

// One template with a client of it, all values fixed.
class Provider {
 public:
  Provider(const domain::Integration& integration, const AuthTemplate& form, const Json& documented)
      : spec_(*form.oauth), documented_(documented) {
    for (const domain::Field& field : form.fields) plain_.emplace_back(field.name, "acme");
    server_ = filled(spec_.server, plain_);
    // A template without endpoints takes them from its client.
    if (server_.authorization_endpoint.empty()) server_.authorization_endpoint = "https://as.example.com/authorize";
    if (server_.token_endpoint.empty()) server_.token_endpoint = "https://as.example.com/token";
    client_.integration = integration.slug;
    client_.client_id = "fake-client-id";
    client_.auth = spec_.client_auth.front();
    if (client_.auth != ClientAuth::kNone) opened_.secret = secret("fake-client-secret");
    for (const domain::OAuthScope& scope : spec_.scopes) {
      if (scope.asked) scopes_.push_back(scope.name);
    }
  }

  std::string authorization_url() const {
    const bool openid = std::find(scopes_.begin(), scopes_.end(), "openid") != scopes_.end();
    return with_query(server_.authorization_endpoint,
                      authorization_parameters(spec_, {.client_id = client_.client_id,
                                                       .redirect_uri = kRedirect,
                                                       .state = "fake-state",
                                                       .code_challenge = "fake-code-challenge",
                                                       .nonce = openid ? "fake-nonce" : "",
                                                       .resource = spec_.resource,
                                                       .scopes = scopes_}));
  }

  Json token() {
    const TokenResult result = asked("token_request", answer("token_answer"), [&](const ServerCalls& calls) {
      const std::string_view verifier = spec_.pkce == domain::Pkce::kNotSent ? "" : "fake-code-verifier";
      return calls.redeem(target(), {secret("fake-code"), secret(verifier), kRedirect}, spec_.resource);
    });
    if (const auto* read = std::get_if<TokenAnswer>(&result)) keep(read->kept);
    return result_of(result);
  }
  Json refresh() {
    return result_of(asked("refresh_request",
                           answer(documented_.contains("refresh_answer") ? "refresh_answer" : "token_answer"),
                           [&](const ServerCalls& calls) {
                             return calls.refresh(target(), secret("fake-refresh-token"), spec_.resource);
                           }));
  }
  Json error() {
    if (!documented_.contains("error_answer")) return nullptr;
    const Json& error = documented_.at("error_answer");
    return result_of(asked(nullptr, WireClient::answer(error.at("status").get<int>(), dump_json(error.at("body"))),
                           [&](const ServerCalls& calls) {
                             return calls.refresh(target(), secret("fake-refresh-token"), spec_.resource);
                           }));
  }
  void revoke() {
    if (server_.revocation_endpoint.empty()) return;
    const bool refresh_first = spec_.revocation == domain::RevocationStyle::kRfc7009;
    const auto token = refresh_first ? secret("fake-refresh-token") : secret("fake-access-token");
    asked("revocation_request", WireClient::answer(200, ""), [&](const ServerCalls& calls) {
      return calls.revoke(target(), token, refresh_first ? "refresh_token" : "access_token");
    });
  }
  Json account() {
    const bool by_userinfo =
        spec_.account.from == domain::AccountFrom::kIdToken && documented_.contains("account_answer");
    if (spec_.account.from != domain::AccountFrom::kRequest && !by_userinfo) return nullptr;
    Parameters returned;
    const Json query = documented_.value("callback_query", Json::object());
    for (const domain::KeptValue& kept : spec_.keep_callback) {
      if (query.contains(kept.from)) returned.emplace_back(kept.field, query.at(kept.from).get<std::string>());
    }
    keep(returned);
    const Account account = asked("account_request", answer("account_answer"), [&](const ServerCalls& calls) {
      if (by_userinfo) return calls.userinfo(target(), secret("fake-access-token"));
      return calls.account(target(), secret("fake-access-token"), plain_);
    });
    return {{"id", account.id}, {"label", account.label}};
  }

  Json requests = Json::object();

 private:
  static constexpr const char* kRedirect = "https://countersign.example/oauth/callback/oc_fake";

  Target target() const { return {server_, spec_, opened_}; }
  void keep(const Parameters& fields) { plain_.insert(plain_.end(), fields.begin(), fields.end()); }
  http::ClientResponse answer(const char* name) const {
    return documented_.contains(name) ? WireClient::answer(200, dump_json(documented_.at(name)))
                                      : WireClient::answer(404, "");
  }
  template <class Call>
  std::invoke_result_t<Call, const ServerCalls&> asked(const char* name, const http::ClientResponse& response,
                                                       Call call) {
    WireClient client([&](const WireClient::Sent&) {
      http::ClientResponse copy;
      copy.status = response.status;
      copy.headers = response.headers;
      copy.body = response.body;
      return copy;
    });
    auto result = call(ServerCalls(client, clock_, random_));
    if (name != nullptr) requests[name] = client.sent.empty() ? Json() : request_of(client.sent.back());
    return result;
  }

  const domain::OAuthSpec& spec_;
  const Json& documented_;
  domain::OAuthServer server_;
  domain::OAuthClient client_;
  OpenedClient opened_{client_, {}, {}};
  Parameters plain_;
  std::vector<std::string> scopes_;
  support::FakeClock clock_;
  support::SeededRandom random_;
};

// What must hold of every provider, whatever its golden file says.
void check_read(const domain::OAuthSpec& spec, const Json& documented, const Json& read) {
  EXPECT_FALSE(read.at("token").contains("refused")) << "the documented answer is refused: " << read.at("token").dump();
  EXPECT_FALSE(read.at("refresh").contains("refused")) << read.at("refresh").dump();
  EXPECT_TRUE(read.at("error").is_null() || read.at("error").contains("refused"));
  const bool account_in_token = spec.account.from == domain::AccountFrom::kTokenAnswer;
  EXPECT_TRUE(!account_in_token || read.at("token").value("account_id", "") != "");
  EXPECT_TRUE(!documented.contains("account_answer") || read.at("account").at("id") != "");
  EXPECT_TRUE(spec.base_url.from.empty() || read.at("token").value("base_url", "") != "");
}

TEST(ProviderGolden, EveryProviderIsAskedAndReadAsItsDocumentationShows) {
  for_each_template([](const domain::Integration& integration, const AuthTemplate& form) {
    const std::string name = name_of(integration, form);
    SCOPED_TRACE(name);
    const auto source = kFolder / "documented" / name;
    ASSERT_TRUE(std::filesystem::exists(source)) << "a template that ships has no documented answer";
    const Json documented = parse_json(read_file(source));
    EXPECT_TRUE(documented.at("source").get<std::string>().starts_with("https://"));
    ASSERT_TRUE(documented.contains("token_answer"));

    Provider provider(integration, form, documented);
    Json golden = {{"template", form.slug}, {"authorization_url", provider.authorization_url()}};
    golden["read"] = {{"token", provider.token()}, {"refresh", provider.refresh()}, {"error", provider.error()}};
    provider.revoke();
    golden["read"]["account"] = provider.account();
    golden.update(provider.requests);
    check_read(*form.oauth, documented, golden.at("read"));

    const std::string text = golden.dump(2) + '\n';
    if (std::getenv("COUNTERSIGN_REWRITE_GOLDEN") != nullptr) std::ofstream(kFolder / name) << text;
    EXPECT_EQ(read_file(kFolder / name), text);
  });
}

TEST(ProviderGolden, EveryGoldenFileBelongsToATemplate) {
  std::set<std::string> expected;
  for_each_template([&](const domain::Integration& integration, const AuthTemplate& form) {
    expected.insert(name_of(integration, form));
  });
  for (const auto& folder : {kFolder, kFolder / "documented"}) {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) found.insert(entry.path().filename().string());
    }
    EXPECT_EQ(found, expected) << folder;
  }
}

}  // namespace
}  // namespace countersign::oauth
