// How our registrations at providers come to be: by themselves, by a person, because an agent asked; and what
// anybody may read about them.
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

class OAuthClients : public OAuthFlows {
 protected:
  Json ask_for(const std::string& path, const Json& body, int status = 201) {
    const http::Response response = agent.post(path, dump_json(body));
    if (response.status != status) throw std::runtime_error(text_of(response));
    return json_of(response);
  }
  // At a server of the agent's own choice.
  static Json proposal(const std::string& owner) {
    return {{"owner", owner},
            {"slug", "odd"},
            {"grant", "authorization_code"},
            {"clientId", "odd-client"},
            {"authorizationUrl", "https://as.odd.example/authorize"},
            {"tokenUrl", "https://as.odd.example/token"}};
  }
  http::Response confirm(PersonId person, const Json& minted, std::map<std::string, std::string> fields = {}) {
    Browser browser = browser_of(person);
    browser.get(path_of(minted["url"]));
    return browser.post(path_of(minted["url"]) + "/client", std::move(fields));
  }
};

// Facts E4 and E5: where the provider offers it and no public address is there for a document.
TEST_F(OAuthClients, TheFirstConnectionRegistersUsAndTheNextUsesThat) {
  connected();
  connected({{"name", "Another"}}, {.account = "acct-2"});
  ASSERT_EQ(provider.calls(kAcme / "register"), 1U);
  const Json wanted = parse_json(provider.sent(kAcme / "register")[0].body);
  EXPECT_EQ(wanted["application_type"], "native") << "our address is loopback here";
  EXPECT_EQ(wanted["token_endpoint_auth_method"], "none");
  EXPECT_EQ(wanted["grant_types"], Json({"authorization_code", "refresh_token"}));
  const Json known = clients(agent);
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0]["origin"]["kind"], "dynamic_client_registration");
  EXPECT_EQ(wanted["redirect_uris"], Json({known[0]["redirectUri"]}));
}

TEST_F(OAuthClients, WithoutOneTheAgentIsToldHowToAskForIt) {
  const http::Response refused = ask({{"integration", "beta"}});
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(code_of(refused), "oauth_client_missing");
  EXPECT_THAT(text_of(refused), HasSubstr("oauth.clients.createHandoff"));

  const Json minted = ask_for("/v1/oauth/clients/handoffs", {{"integration", "beta"}, {"owner", "org"}});
  EXPECT_EQ(outcome(minted)["kind"], "oauth_client");
  Browser admin = browser_of(boss);
  const std::string page = text_of(admin.get(path_of(minted["url"])));
  const std::string redirect_uri = between(page, "<code id=\"redirect-uri\">", "<");
  const http::Response saved =
      admin.post(path_of(minted["url"]) + "/client", {{"client_id", "beta-client"},
                                                      {"auth", "client_secret_basic"},
                                                      {"secret.client_secret", "client-secret-canary"}});
  EXPECT_EQ(saved.status, 303) << text_of(saved);
  EXPECT_EQ(status(minted), "completed");
  provider.add_client(std::string(kBeta), "beta-client", {"client-secret-canary", redirect_uri, ""});

  const Json known = clients(agent);
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0]["redirectUri"], redirect_uri) << "the one that was shown is the one that is used";
  connected({{"integration", "beta"}});
  const std::string everything = known.dump() + outcome(minted).dump() + audit_text() + program.log().text() +
                                 text_of(admin.get(path_of(minted["url"])));
  EXPECT_THAT(everything, Not(HasSubstr("canary")));
}

// Facts C2: what a person consents to would go where no admin has looked.
TEST_F(OAuthClients, EndpointsOfTheAgentsChoiceAreAnAdminsToConfirm) {
  const Json minted = ask_for("/v1/oauth/clients", proposal("user"), 202);
  const std::map<std::string, std::string> typed = {{"client_id", "odd-client"}, {"auth", "none"}};
  Browser member = browser_of(ada);
  EXPECT_THAT(text_of(member.get(path_of(minted["url"]))),
              AllOf(HasSubstr("The agent chose these addresses"), HasSubstr("as.odd.example")));
  const http::Response refused = confirm(ada, minted, typed);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(text_of(refused), HasSubstr("admin"));
  EXPECT_EQ(clients(agent), Json::array());
  EXPECT_EQ(status(minted), "pending");

  const Json for_org = ask_for("/v1/oauth/clients", proposal("org"), 202);
  EXPECT_EQ(confirm(ada, for_org, typed).status, 403);
  EXPECT_EQ(status(for_org), "pending") << "she is no admin";
  EXPECT_EQ(confirm(boss, for_org, typed).status, 303);
  EXPECT_EQ(status(for_org), "completed");
  EXPECT_EQ(clients(agent)[0]["tokenUrl"], "https://as.odd.example/token");
  EXPECT_TRUE(provider.sent().empty()) << "and nobody was asked anything";
}

TEST_F(OAuthClients, NothingIsSentToAServerOfTheAgentsChoiceBeforeAnAdminSaysSo) {
  const Json body = {{"owner", "org"},
                     {"slug", "odd"},
                     {"registrationEndpoint", "https://as.odd.example/register"},
                     {"authorizationUrl", "https://as.odd.example/authorize"},
                     {"tokenUrl", "https://as.odd.example/token"},
                     {"scopes", Json::array()}};
  const Json minted = ask_for("/v1/oauth/clients/register-dynamic", body, 202);
  Browser admin = browser_of(boss);
  EXPECT_THAT(text_of(admin.get(path_of(minted["url"]))), HasSubstr("as.odd.example"));
  EXPECT_TRUE(provider.sent().empty());
  EXPECT_EQ(admin.post(path_of(minted["url"]) + "/client").status, 303);
  EXPECT_EQ(provider.calls("https://as.odd.example/register"), 1U);
  EXPECT_EQ(status(minted), "completed");
}

TEST_F(OAuthClients, NoEndpointButHttpsIsEvenProposed) {
  for (const char* url : {"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x",
                          "http://as.odd.example/a", "https://as.odd.example/a#x", "https://u:p@as.odd.example/a"}) {
    Json body = proposal("org");
    body["authorizationUrl"] = url;
    const http::Response refused = agent.post("/v1/oauth/clients", dump_json(body));
    EXPECT_EQ(refused.status, 400) << url;
    EXPECT_EQ(code_of(refused), "bad_endpoint") << url;
  }
}

TEST_F(OAuthClients, APersonsClientIsTheirsAndTheOrgsIsEverybodys) {
  set_up_beta();
  Browser own = browser_of(ada);
  const std::string page = text_of(own.get("/integrations/beta/clients/new"));
  const http::Response saved =
      own.post("/integrations/beta/clients", {{"id", between(page, "name=\"id\" value=\"", "\"")},
                                              {"owner", "user"},
                                              {"client_id", "my-client"},
                                              {"auth", "client_secret_basic"},
                                              {"secret.client_secret", "my-secret-0123456789"}});
  ASSERT_EQ(saved.status, 303) << text_of(saved);
  EXPECT_EQ(clients(agent).size(), 2U);
  Agent stranger(program, program.issue_token(program.add_person("eve", domain::Role::kMember)));
  const Json theirs = clients(stranger);
  ASSERT_EQ(theirs.size(), 1U);
  EXPECT_EQ(theirs[0]["owner"], "org");
  Browser eve = browser_of(program.add_person("eva", domain::Role::kMember));
  EXPECT_EQ(eve.get(header_of(saved, "Location")).status, 404);
  EXPECT_EQ(start({{"integration", "beta"}})["status"], "redirect");
}

TEST_F(OAuthClients, OneIsForgottenOnlyWhenAPersonSaysSo) {
  const std::string id = set_up_beta();
  const http::Response asked = agent.remove("/v1/oauth/clients/org/beta");
  ASSERT_EQ(asked.status, 202) << text_of(asked);
  EXPECT_EQ(clients(agent).size(), 1U);
  EXPECT_EQ(confirm(boss, json_of(asked)).status, 303);
  EXPECT_EQ(clients(agent), Json::array());
  EXPECT_EQ(code_of(ask({{"integration", "beta"}})), "oauth_client_missing");
  EXPECT_EQ(public_document("/oauth/clients/" + id + "/jwks.json").find("keys"), std::string::npos);
}

// RFC 7523 with a key of ours: the provider reads it where we publish it, and never more than the public half.
TEST_F(OAuthClients, TheKeySetIsWhatAProviderChecksUsBy) {
  const std::string id = set_up("beta", {{"auth", "private_key_jwt"}});
  const std::string url = std::string(kPublicUrl) + "/oauth/clients/" + id + "/jwks.json";
  const Json keys = parse_json(public_document(url))["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["kty"], "EC");
  EXPECT_EQ(keys[0]["use"], "sig");
  EXPECT_FALSE(keys[0].contains("d")) << "the private half";

  provider.add_client(std::string(kBeta), "beta-client", {"", callback_of(id), url});
  const std::string made = connected({{"integration", "beta"}});
  const auto asked = provider.sent(kBeta / "token");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_FALSE(asked[0].headers.contains("Authorization"));
  EXPECT_EQ(asked[0].field("client_secret"), "");
  EXPECT_EQ(state_of(made), "active");
}

TEST_F(OAuthClients, NoOtherClientHasAnythingToRead) {
  const std::string id = set_up_beta();
  for (const std::string& target : {"/oauth/clients/" + id + "/jwks.json", "/oauth/clients/" + id + "/metadata.json",
                                    std::string("/oauth/clients/nonsense/jwks.json"),
                                    std::string("/oauth/clients/oc_0000000000000/metadata.json")}) {
    const http::Response none = program.send(http::Method::kGet, target);
    EXPECT_EQ(none.status, 404) << target;
    EXPECT_THAT(header_of(none, "Cache-Control"), HasSubstr("no-store")) << target;
  }
}

// An https address of ours: the provider reads our document, and its URL is our id (facts E4, E6).
class PublicOAuth : public OAuthFlows {
 protected:
  static constexpr std::string_view kBroker = "https://broker.example";
  PublicOAuth() : OAuthFlows([](app::ApplicationOptions& options) { options.public_url = kBroker; }) {
    provider.metadata[std::string(kAcme)] = {{"client_id_metadata_document_supported", true}};
  }
  static std::string local(const std::string& url) { return url.substr(kBroker.size()); }
  http::Response post(Browser& browser, const std::string& target) {
    return browser.post_raw(target, "csrf=" + percent_encode(browser.csrf()), {{"origin", std::string(kBroker)}});
  }
};

TEST_F(PublicOAuth, OurIdIsTheDocumentThatTheProviderReads) {
  const Json minted = start();
  const Json client = clients(agent)[0];
  EXPECT_EQ(client["origin"]["kind"], "client_id_metadata_document");
  const std::string id = client["clientId"];
  EXPECT_THAT(id, StartsWith(std::string(kBroker) + "/oauth/clients/"));
  const http::Response document = program.send(http::Method::kGet, local(id));
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(header_of(document, "Content-Type"), "application/json");
  EXPECT_LT(text_of(document).size(), 5U * 1024) << "no server has to take more";
  const Json said = json_of(document);
  EXPECT_EQ(said["client_id"], id);
  EXPECT_EQ(said["redirect_uris"], Json({client["redirectUri"]}));
  EXPECT_EQ(said["token_endpoint_auth_method"], "none");
  EXPECT_FALSE(said["client_name"].get<std::string>().empty());
  EXPECT_THAT(said.dump(), Not(HasSubstr("secret")));
  EXPECT_EQ(provider.calls(kAcme / "register"), 0U) << "a document goes before a registration";

  Browser browser(program);
  const Secret link =
      program.application().people().make_link(domain::Actor::command_line(), app::kDefaultWorkspace, ada, 600s);
  const std::string sign_in = "/sign-in/" + std::string(link.reveal());
  browser.get(sign_in);
  ASSERT_EQ(post(browser, sign_in).status, 303);
  const std::string card = local(minted["url"]);
  browser.get(card);
  const std::string back = provider.consent(link_of(post(browser, card + "/leave")));
  EXPECT_EQ(browser.get(back).status, 303);
  EXPECT_EQ(status(minted), "completed");
}

}  // namespace
}  // namespace countersign::flows
