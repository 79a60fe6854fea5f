// The whole program and the authorization servers of four services, with the steps that people and agents take.
//
// Acme says about itself what it is and registers clients (RFC 8414, RFC 7591); it can also be connected by a key and
// by a webhook. Beta is written down and takes a client that an admin enters. Zen's host is the person's. Found says
// by an ID token who signed in.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "flows/in_process.h"
#include "flows/scripted_provider.h"
#include "http/form.h"

namespace countersign::flows {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

inline constexpr std::string_view kAcme = "https://as.acme.example";
inline constexpr std::string_view kBeta = "https://as.beta.example";
inline constexpr std::string_view kFound = "https://as.found.example";
inline std::string operator/(std::string_view origin, const char* path) { return std::string(origin) + "/" + path; }

inline constexpr std::string_view kAcmeFile = R"({"slug": "acme", "name": "Acme", "description": "Documents",
  "documentation_url": "https://acme.example/docs", "base_urls": ["https://api.acme.example"], "templates": [
    {"slug": "key", "kind": "bearer", "label": "API key", "fields": [{"name": "token", "label": "API key"}]},
    {"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
      "issuer": "https://as.acme.example", "discover": true, "grants": ["authorization_code", "client_credentials"],
      "client_auth": ["none", "client_secret_basic", "private_key_jwt"],
      "scopes": [{"name": "read", "words": "Read everything"}, {"name": "write", "words": "Change everything"},
                 {"name": "admin", "words": "Administer it", "asked": false}],
      "account": {"from": "token_answer", "id": ["/user/id"], "label": ["/user/name"]},
      "sources": ["https://acme.example/docs"]}},
    {"slug": "hook", "kind": "webhook", "label": "deliveries", "fields": [{"name": "signing_secret", "label": "secret"}],
      "webhook": {"scheme": "body_hmac", "signature_header": "acme-signature", "id_header": "acme-delivery",
                  "help_url": "https://acme.example/docs"}}]})";
inline constexpr std::string_view kBetaFile = R"({"slug": "beta", "name": "Beta", "description": "Payments",
  "documentation_url": "https://beta.example/docs", "base_urls": ["https://api.beta.example"], "templates": [
    {"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
      "authorization_endpoint": "https://as.beta.example/authorize", "token_endpoint": "https://as.beta.example/token",
      "revocation_endpoint": "https://as.beta.example/revoke",
      "client_auth": ["client_secret_basic", "private_key_jwt"],
      "scopes": [{"name": "pay", "words": "Pay"}], "leeway_seconds": 300,
      "account": {"from": "token_answer", "id": ["/user/id"], "label": ["/user/name"]},
      "sources": ["https://beta.example/docs"]}}]})";
inline constexpr std::string_view kZenFile = R"({"slug": "zen", "name": "Zen", "description": "Tickets",
  "documentation_url": "https://zen.example/docs", "base_urls": ["https://{subdomain}.zen.example"], "templates": [
    {"slug": "oauth", "kind": "oauth2", "label": "OAuth",
     "fields": [{"name": "subdomain", "label": "Subdomain", "sensitivity": "plain"}], "oauth": {
      "authorization_endpoint": "https://{subdomain}.zen.example/authorize",
      "token_endpoint": "https://{subdomain}.zen.example/token", "sources": ["https://zen.example/docs"]}}]})";
inline constexpr std::string_view kFoundFile = R"({"slug": "found", "name": "Found", "description": "Files",
  "documentation_url": "https://found.example/docs", "base_urls": ["https://api.found.example"], "templates": [
    {"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
      "issuer": "https://as.found.example", "discover": true, "client_auth": ["none"],
      "scopes": [{"name": "openid", "words": "Know who you are"}, {"name": "files", "words": "Read files"}],
      "account": {"from": "id_token", "id": ["/sub"], "label": ["/email", "/sub"]},
      "sources": ["https://found.example/docs"]}}]})";

// A folder of an operator's own, before the program reads it.
class ServiceFiles {
 public:
  ServiceFiles() {
    write("acme", kAcmeFile);
    write("beta", kBetaFile);
    write("zen", kZenFile);
    write("found", kFoundFile);
  }
  void write(const std::string& slug, std::string_view text) { std::ofstream(dir_.file(slug + ".json")) << text; }
  const std::filesystem::path& path() const { return dir_.path(); }

 private:
  support::TempDir dir_;
};

class OAuthFlows : public ::testing::Test {
 protected:
  OAuthFlows() : OAuthFlows([](app::ApplicationOptions&) {}) {}
  explicit OAuthFlows(InProcess::Adjust adjust)
      : program(catalog::Mode::kDev,
                [this, adjust = std::move(adjust)](app::ApplicationOptions& options) {
                  options.client = &provider;
                  options.config.integrations_folder = files.path();
                  adjust(options);
                }),
        ada(program.add_person("ada", domain::Role::kMember)),
        boss(program.add_person("boss", domain::Role::kAdmin)),
        agent(program, program.issue_token(ada)) {
    provider.now = [this] { return program.clock().now(); };
    provider.fetch = [this](const std::string& url) { return public_document(url); };
  }

  // --- the agent ---
  http::Response ask(const Json& more, Headers headers = {}) {
    Json body = {{"integration", "acme"}};
    body.update(more);
    return agent.post("/v1/oauth/start", dump_json(body), std::move(headers));
  }
  Json start(const Json& more = Json::object()) {
    const http::Response response = ask(more);
    if (response.status != 200) throw std::runtime_error("not started: " + text_of(response));
    return json_of(response);
  }
  Json outcome(const Json& minted) {
    return json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()));
  }
  std::string status(const Json& minted) { return outcome(minted)["status"]; }
  Json connections() { return json_of(agent.get("/v1/connections"))["connections"]; }
  Json clients(Agent& asker) { return json_of(asker.get("/v1/oauth/clients"))["clients"]; }
  static std::string code_of(const http::Response& response) { return json_of(response).value("code", ""); }

  // --- the person ---
  Browser browser_of(PersonId person) {
    Browser browser(program);
    browser.sign_in(person);
    return browser;
  }
  // Presses the button of the request's page. The address that the next page links to.
  http::Response press(Browser& browser, const Json& minted, std::map<std::string, std::string> fields = {}) {
    browser.get(path_of(minted["url"]));
    return browser.post(path_of(minted["url"]) + "/leave", std::move(fields));
  }
  std::string leave(Browser& browser, const Json& minted, std::map<std::string, std::string> fields = {}) {
    const http::Response page = press(browser, minted, std::move(fields));
    if (page.status != 200) throw std::runtime_error("nobody left: " + text_of(page));
    return link_of(page);
  }
  static std::string link_of(const http::Response& page) {
    const std::string text = text_of(page);
    const std::string mark = "<a class=\"button primary\" href=\"";
    const auto at = text.find(mark);
    if (at == std::string::npos) throw std::runtime_error("no link to a provider: " + text);
    std::string link = text.substr(at + mark.size(), text.find('"', at + mark.size()) - at - mark.size());
    for (auto amp = link.find("&amp;"); amp != std::string::npos; amp = link.find("&amp;")) link.replace(amp, 5, "&");
    return link;
  }
  // All of it; the page at the end.
  http::Response connect(Browser& browser, const Json& minted, const ScriptedProvider::Consent& consent = {},
                         std::map<std::string, std::string> fields = {}) {
    const std::string back = provider.consent(leave(browser, minted, std::move(fields)), consent);
    const http::Response landed = browser.get(back);
    if (landed.status != 303) throw std::runtime_error("not landed: " + text_of(landed));
    return browser.get(header_of(landed, "Location"));
  }
  // Acme's default account; its id.
  std::string connected(const Json& more = Json::object(), const ScriptedProvider::Consent& consent = {}) {
    Browser browser = browser_of(ada);
    const Json minted = start(more);
    connect(browser, minted, consent);
    const Json done = outcome(minted);
    if (done["status"] != "completed") throw std::runtime_error("not connected: " + done.dump());
    return done["connection"]["connectionId"];
  }

  // What an admin enters on the service's page; the client's id here.
  std::string set_up(const std::string& slug, std::map<std::string, std::string> fields = {}) {
    Browser admin = browser_of(boss);
    const std::string page = text_of(admin.get("/integrations/" + slug + "/clients/new"));
    const std::string id = between(page, "name=\"id\" value=\"", "\"");
    fields.insert({{"id", id}, {"owner", "org"}, {"client_id", slug + "-client"}, {"auth", "client_secret_basic"}});
    if (fields["auth"] == "client_secret_basic") fields.emplace("secret.client_secret", "client-secret-canary");
    const http::Response saved = admin.post("/integrations/" + slug + "/clients", fields);
    if (saved.status != 303) throw std::runtime_error("no client: " + text_of(saved));
    return id;
  }
  std::string callback_of(const std::string& client) { return std::string(kPublicUrl) + "/oauth/callback/" + client; }
  // Beta knows it, too.
  std::string set_up_beta() {
    const std::string id = set_up("beta");
    provider.add_client(std::string(kBeta), "beta-client", {"client-secret-canary", callback_of(id), ""});
    return id;
  }

  static std::string between(const std::string& text, const std::string& start, const std::string& end) {
    const auto at = text.find(start);
    if (at == std::string::npos) throw std::runtime_error("nothing begins with " + start);
    return text.substr(at + start.size(), text.find(end, at + start.size()) - at - start.size());
  }

  // --- what is known afterwards ---
  Json connection(const std::string& id) { return json_of(agent.get("/v1/connections/" + id))["connection"]; }
  std::string state_of(const std::string& id) { return connection(id)["status"]; }
  std::string connection_page(const std::string& id) { return text_of(browser_of(ada).get("/connections/" + id)); }
  std::vector<domain::AuditRow> events(std::string_view action = {}) {
    std::vector<domain::AuditRow> found;
    program.application().store().run_read([&](const store::Snapshot& now) {
      now.audit().walk(app::kDefaultWorkspace, 0, 0, [&](const domain::AuditRow& row, std::string_view) {
        if (action.empty() || row.action == action) found.push_back(row);
        return true;
      });
    });
    return found;
  }
  std::string audit_text() {
    std::string text;
    program.application().store().run_read([&](const store::Snapshot& now) {
      now.audit().walk(app::kDefaultWorkspace, 0, 0, [&](const domain::AuditRow& row, std::string_view note) {
        text += row.action + " " + row.object + " " + row.facts + " " + std::string(note) + "\n";
        return true;
      });
    });
    return text;
  }
  std::string public_document(const std::string& url) {
    return text_of(program.send(http::Method::kGet, url.substr(url.find('/', 8))));
  }

  ScriptedProvider provider;
  ServiceFiles files;
  InProcess program;
  PersonId ada;
  PersonId boss;
  Agent agent;
};

}  // namespace countersign::flows
