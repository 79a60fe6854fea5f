// What must hold for every page is tried on every page the router has, also on those that come later: forged forms,
// the wrong world of credentials, effects of reading, hostile names, path tricks, people who are no longer let in.
#include <nlohmann/json.hpp>
#include <set>

#include "flows/in_process.h"
#include "web/fixture.h"

namespace countersign::flows {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What an attacker calls a person, an agent, a request. Quoted, as a name may be.
constexpr std::string_view kHostile =
    "\"><script>a()</script><svg onload=a()><style>*{}</style><a href=\"javascript:a()\">x";
constexpr std::string_view kOverride = "\xe2\x80\xae";

struct PageAddress {
  http::Method method;
  std::string pattern;
  http::Access access;
  std::string target;  // the pattern with live ids in it

  std::string text() const { return std::string(http::name(method)) + " " + target; }
};

// From a router of their own: the program keeps its one to itself.
class Listing final : public web::WebTest {
 public:
  std::vector<PageAddress> pages() const {
    std::vector<PageAddress> found;
    for (const http::Route* route : router.routes()) {
      found.push_back({route->method, route->pattern, route->access, {}});
    }
    return found;
  }

 private:
  void TestBody() override {}
};

const std::vector<PageAddress>& all_pages() {
  static const std::vector<PageAddress> pages = Listing().pages();
  return pages;
}

std::string first_with(const std::string& page, const std::string& start, const std::string& ends) {
  const auto at = page.find(start);
  if (at == std::string::npos) throw std::runtime_error("nothing begins with " + start);
  return page.substr(at, page.find_first_of(ends, at) - at);
}

// One live object behind every kind of address; all of it the admin's, with the names that attackers give.
class EveryPage : public ::testing::Test {
 protected:
  EveryPage() {
    visitor.get("/login");
    browser.sign_in(boss);
    const std::string saved = path_of(agent.ask(R"({"integration":"demo"})")["url"]);
    browser.get(saved);
    browser.post(saved + "/submit", {{"secret.key", "x"}});
    browser.get("/");
    browser.post("/providers/bind",
                 {{"provider", "env"}, {"item", "AGENT_DEMO"}, {"integration", "demo"}, {"owner", "workspace"}});
    const Json request = {{"integration", "demo"}, {"label", std::string(kHostile) + std::string(kOverride)}};
    behind_["/h/"] = path_of(agent.ask(dump_json(request))["url"]).substr(3);
    behind_["/sign-in/"] = link_of(ada);
    behind_["/agents/"] = agent_id.text();
    behind_["/people/"] = boss.text();
    behind_["/connections/"] = json_of(agent.get("/v1/connections"))["connections"][0]["connectionId"];
    behind_["/integrations/"] = "github";
    const std::string client = enter_client();
    for (const char* path : {"/oauth-clients/", "/oauth/clients/", "/oauth/callback/"}) behind_[path] = client;
    behind_["/audit/"] = "1";
    behind_["/providers/bindings/"] = first_with(text_of(browser.get("/providers")), "pb_", "\"/?");
    behind_["/static/"] = first_with(text_of(browser.get("/")), "site.", "\"");
    Browser other_place(program);
    other_place.sign_in(boss);
    behind_["/settings/sessions/"] = first_with(text_of(browser.get("/settings")), "se_", "\"/?");
    ada_browser.sign_in(ada);
  }

  std::vector<PageAddress> pages(http::Method method) const {
    std::vector<PageAddress> wanted;
    for (PageAddress page : all_pages()) {
      if (page.method != method) continue;
      page.target = target_of(page.pattern);
      wanted.push_back(std::move(page));
    }
    return wanted;
  }
  std::vector<PageAddress> readable() const { return pages(http::Method::kGet); }
  std::vector<PageAddress> forms() const { return pages(http::Method::kPost); }

  // The length of the audit record: every change of state stands in it.
  int changes() {
    int found = 0;
    program.application().store().run_read([&](const store::Snapshot& now) {
      now.audit().walk(app::kDefaultWorkspace, 0, 0,
                       [&](const domain::AuditRow&, std::string_view) { return ++found > 0; });
    });
    return found;
  }
  static Headers cookie_of(const Browser& from) { return {{"cookie", from.cookie_header()}}; }
  http::Response submit(const PageAddress& form, Headers headers, std::string_view body) {
    headers.push_back({"content-type", "application/x-www-form-urlencoded"});
    return program.send(http::Method::kPost, form.target, std::move(headers), body);
  }
  std::string link_of(PersonId person) {
    const auto by = domain::Actor::command_line();
    return std::string(program.application().people().make_link(by, app::kDefaultWorkspace, person, 600s).reveal());
  }
  // Whoever the form is for: a visitor before sign-in, the admin after it.
  const Browser& sender_of(const PageAddress& form) const {
    return form.access == http::Access::kAnonymousForm ? visitor : browser;
  }

  InProcess program{catalog::Mode::kDev, [](app::ApplicationOptions& options) {
                      options.config.env_prefix = "AGENT_";
                      options.environment = {{"AGENT_DEMO", "env-secret-0123456789abcdef"}};
                    }};
  PersonId ada = program.add_person("ada", domain::Role::kMember);
  PersonId boss = program.application()
                      .people()
                      .add(domain::Actor::command_line(),
                           {app::kDefaultWorkspace, "boss", std::string(kHostile), domain::Role::kAdmin})
                      .id;
  AgentId agent_id;
  std::string token = issue();
  Agent agent{program, token};
  Browser browser{program};
  Browser ada_browser{program};
  Browser visitor{program};

 private:
  std::string issue() {
    auto issued = program.application().grants().issue(
        domain::Actor::command_line(), {app::kDefaultWorkspace, boss, std::string(kHostile), domain::ScopeSet::all()});
    agent_id = issued.agent.id;
    return std::string(issued.token.reveal());
  }
  // One of the admin's own; its name at the provider is an attacker's, as far as such names go.
  std::string enter_client() {
    const std::string page = text_of(browser.get("/integrations/github/clients/new"));
    const std::string id = first_with(page, "oc_", "\"<");
    const http::Response saved =
        browser.post("/integrations/github/clients", {{"id", id},
                                                      {"owner", "user"},
                                                      {"client_id", "\"><script>a()</script><svg/onload=a()>"},
                                                      {"auth", "client_secret_post"},
                                                      {"secret.client_secret", "client-secret-0123456789"}});
    if (saved.status != 303) throw std::runtime_error("no client: " + text_of(saved));
    return id;
  }
  std::string target_of(const std::string& pattern) const {
    const auto open = pattern.find('{');
    if (open == std::string::npos) return pattern;
    return pattern.substr(0, open) + behind_.at(pattern.substr(0, open)) + pattern.substr(pattern.find('}') + 1);
  }

  std::map<std::string, std::string> behind_;  // what stands before an id, and the id
};

TEST_F(EveryPage, A010_ReadingChangesNothing) {
  const int before = changes();
  for (const PageAddress& page : readable()) {
    for (const Headers& who : {cookie_of(browser), cookie_of(visitor), Headers{}}) {
      const int status = program.send(http::Method::kGet, page.target, who).status;
      EXPECT_LT(status, 405) << page.text();
      EXPECT_EQ(program.send(http::Method::kHead, page.target, who).status, status) << page.text();
    }
    Headers prefetch = cookie_of(browser);
    prefetch.push_back({"sec-purpose", "prefetch"});
    program.send(http::Method::kGet, page.target, prefetch);
  }
  EXPECT_EQ(changes(), before);
}

TEST_F(EveryPage, D057_NoFormIsTakenFromElsewhere) {
  const int before = changes();
  for (const PageAddress& form : forms()) {
    const std::string body = "csrf=" + percent_encode(sender_of(form).csrf());
    for (const Headers& from :
         {Headers{{"origin", "https://evil.example"}}, Headers{{"origin", "null"}}, Headers{},
          Headers{{"sec-fetch-site", "cross-site"}}, Headers{{"sec-fetch-site", "same-site"}},
          Headers{{"origin", std::string(kPublicUrl)}, {"origin", "https://evil.example"}},
          Headers{{"origin", "https://127.0.0.1:7117"}}, Headers{{"origin", "http://localhost:7117"}}}) {
      Headers headers = cookie_of(sender_of(form));
      headers.insert(headers.end(), from.begin(), from.end());
      EXPECT_EQ(submit(form, headers, body).status, 403) << form.text();
    }
    Headers plain = cookie_of(sender_of(form));
    plain.push_back({"origin", "https://evil.example"});
    plain.push_back({"content-type", "text/plain"});
    EXPECT_EQ(program.send(http::Method::kPost, form.target, plain, body).status, 403) << form.text();
  }
  EXPECT_EQ(changes(), before);
}

TEST_F(EveryPage, D058_NoFormIsTakenWithAnotherSessionsToken) {
  Browser earlier(program);
  earlier.sign_in(boss);
  const int before = changes();
  const std::string ours(kPublicUrl);
  for (const PageAddress& form : forms()) {
    const bool anonymous = form.access == http::Access::kAnonymousForm;
    for (const std::string& foreign : {ada_browser.csrf(), earlier.csrf(), anonymous ? browser.csrf() : visitor.csrf(),
                                       std::string("x"), std::string()}) {
      Headers headers = cookie_of(sender_of(form));
      headers.push_back({"origin", ours});
      EXPECT_EQ(submit(form, headers, "csrf=" + percent_encode(foreign)).status, 403) << form.text();
    }
  }
  EXPECT_EQ(changes(), before);
  // And with its own it gets past that door, or the above would prove nothing.
  for (const PageAddress& form : forms()) {
    if (form.access != http::Access::kAnonymousForm) browser.sign_in(boss);
    Headers headers = cookie_of(sender_of(form));
    headers.push_back({"origin", ours});
    const http::Response answer = submit(form, headers, "csrf=" + percent_encode(sender_of(form).csrf()));
    EXPECT_THAT(text_of(answer), Not(HasSubstr("This form"))) << form.text();
    EXPECT_LT(answer.status, 500) << form.text();
  }
}

TEST_F(EveryPage, D059_NothingIsDoneByAnotherMethod) {
  const int before = changes();
  std::set<std::string> shown;
  for (const PageAddress& page : readable()) shown.insert(page.target);
  for (const PageAddress& form : forms()) {
    const std::string body = "csrf=" + percent_encode(browser.csrf());
    Headers headers = cookie_of(browser);
    headers.push_back({"x-http-method-override", "POST"});
    const http::Response got = program.send(http::Method::kGet, form.target + "?_method=POST&" + body, headers);
    EXPECT_EQ(got.status == 405, !shown.contains(form.target)) << form.text();
    for (const http::Method method : {http::Method::kPut, http::Method::kDelete, http::Method::kPatch}) {
      headers.push_back({"origin", std::string(kPublicUrl)});
      EXPECT_EQ(program.send(method, form.target, headers).status, 405) << form.text();
    }
  }
  EXPECT_EQ(changes(), before);
}

TEST_F(EveryPage, D066_HostileNamesAreTextOnAllOfThem) {
  int named = 0;
  for (const PageAddress& page : readable()) {
    if (page.pattern == "/static/{file}") continue;
    const std::string text = text_of(program.send(http::Method::kGet, page.target, cookie_of(browser)));
    for (const std::string_view live :
         {std::string_view("<script>"), std::string_view("<svg"), std::string_view("<style"),
          std::string_view("\"javascript:"), std::string_view(" style="), kOverride}) {
      EXPECT_THAT(text, Not(HasSubstr(std::string(live)))) << page.text();
    }
    named += text.find("&lt;script&gt;") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(named, 20) << "the bar alone names the person on every page";
}

// Referrer (A014), frames and windows (D067), caches (D073), other sites (D069), cookies (D070), redirects (D071).
TEST_F(EveryPage, D067_AnswersBelongToThisSiteAlone) {
  // The address of a callback holds a code and a state.
  const auto check = [](const http::Response& answer, const std::string& what, bool page, bool callback = false) {
    SCOPED_TRACE(what);
    EXPECT_EQ(header_of(answer, "X-Content-Type-Options"), "nosniff");
    for (const http::Header& header : answer.headers) {
      EXPECT_FALSE(header.name.starts_with("Access-Control-")) << header.name;
      if (header.name == "Location") {
        EXPECT_TRUE(header.value.starts_with("/") && !header.value.starts_with("//")) << header.value;
        EXPECT_EQ(header.value.find('\\'), std::string::npos) << header.value;
      }
      if (header.name != "Set-Cookie") continue;
      EXPECT_TRUE(header.value.starts_with("__Host-")) << header.value;
      for (const char* part : {"; Secure", "; HttpOnly", "; SameSite=", "; Path=/"}) {
        EXPECT_THAT(header.value, HasSubstr(part));
      }
      EXPECT_THAT(header.value, Not(HasSubstr("Domain")));
    }
    if (!page) return;
    EXPECT_EQ(header_of(answer, "Referrer-Policy"), callback ? "no-referrer" : "same-origin");
    EXPECT_EQ(header_of(answer, "Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_EQ(header_of(answer, "Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_THAT(header_of(answer, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(header_of(answer, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_THAT(header_of(answer, "Cache-Control"), HasSubstr("no-store"));
  };
  for (const PageAddress& page : readable()) {
    for (Headers who : {cookie_of(browser), cookie_of(ada_browser), Headers{}}) {
      who.push_back({"origin", "https://evil.example"});
      check(program.send(http::Method::kGet, page.target, who), page.text(), page.pattern != "/static/{file}",
            page.pattern.starts_with("/oauth/callback/"));
    }
  }
  for (const PageAddress& form : forms()) check(submit(form, cookie_of(browser), "csrf=x"), form.text(), true);
  check(browser.get("/nothing"), "404", true);
  check(browser.get("/logout"), "405", true);
}

TEST_F(EveryPage, D074_NoNameMayStandTwice) {
  const int before = changes();
  for (const PageAddress& form : forms()) {
    Headers headers = cookie_of(sender_of(form));
    headers.push_back({"origin", std::string(kPublicUrl)});
    const std::string csrf = "csrf=" + percent_encode(sender_of(form).csrf());
    for (const std::string& twice :
         {csrf + "&" + csrf, csrf + "&decision=deny&decision=approve", csrf + "&role=member&%72ole=admin"}) {
      EXPECT_EQ(submit(form, headers, twice).status, 400) << form.text();
    }
  }
  for (const PageAddress& page : readable()) {
    EXPECT_EQ(program.send(http::Method::kGet, page.target + "?next=a&next=b", cookie_of(browser)).status, 400)
        << page.text();
  }
  EXPECT_EQ(changes(), before);
}

TEST_F(EveryPage, E087_AnAgentsTokenOpensNoneOfThem) {
  const int before = changes();
  const http::Header bearer{"authorization", "Bearer " + token};
  for (const PageAddress& page : readable()) {
    if (page.access != http::Access::kBrowser) continue;
    const http::Response answer = program.send(http::Method::kGet, page.target, {bearer});
    EXPECT_EQ(answer.status, 303) << page.text();
    EXPECT_TRUE(header_of(answer, "Location").starts_with("/login")) << page.text();
  }
  for (const PageAddress& form : forms()) {
    const http::Response answer =
        submit(form, {bearer, {"origin", std::string(kPublicUrl)}}, "csrf=" + percent_encode(browser.csrf()));
    EXPECT_THAT(answer.status, AnyOf(303, 403)) << form.text();
    EXPECT_TRUE(answer.status == 403 || header_of(answer, "Location").starts_with("/login")) << form.text();
  }
  EXPECT_EQ(changes(), before);
}

TEST_F(EveryPage, E087_APersonsSessionOpensNoneOfTheApi) {
  const Json described = parse_json(text_of(program.send(http::Method::kGet, "/openapi.json")),
                                    {.bytes = 1024 * 1024, .depth = 32, .values = 100'000});
  int tried = 0;
  for (const auto& [path, operations] : described["paths"].items()) {
    for (const auto& [name, operation] : operations.items()) {
      const bool open = operation.contains("security") && operation["security"].empty();
      if (open) continue;
      const auto method = name == "get"    ? http::Method::kGet
                          : name == "post" ? http::Method::kPost
                                           : http::Method::kDelete;
      std::string target = path;
      for (auto at = target.find('{'); at != std::string::npos; at = target.find('{')) {
        target.replace(at, target.find('}') - at + 1, "x");
      }
      Headers headers = cookie_of(browser);
      headers.push_back({"origin", std::string(kPublicUrl)});
      headers.push_back({"content-type", "application/json"});
      EXPECT_EQ(program.send(method, target, headers, "{}").status, 401) << name << " " << path;
      ++tried;
    }
  }
  EXPECT_GE(tried, 10);
}

TEST_F(EveryPage, F098_WhoIsDisabledIsOutOfAllOfThemAtOnce) {
  const PersonId chief = program.add_person("chief", domain::Role::kAdmin);
  program.application().accounts().disable({app::kDefaultWorkspace, chief, domain::Role::kAdmin, program.clock().now()},
                                           boss);
  const int before = changes();
  for (const PageAddress& page : readable()) {
    if (page.access != http::Access::kBrowser) continue;
    EXPECT_EQ(program.send(http::Method::kGet, page.target, cookie_of(browser)).status, 303) << page.text();
  }
  for (const PageAddress& form : forms()) {
    if (form.access != http::Access::kBrowserForm) continue;
    Headers headers = cookie_of(browser);
    headers.push_back({"origin", std::string(kPublicUrl)});
    const http::Response answer = submit(form, headers, "csrf=" + percent_encode(browser.csrf()));
    EXPECT_TRUE(header_of(answer, "Location").starts_with("/login")) << form.text();
  }
  EXPECT_EQ(changes(), before);
  EXPECT_EQ(agent.get("/v1/connections").status, 401);
}

TEST_F(EveryPage, F101_PathTricksReachNoneOfThem) {
  const auto upper = [](std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return text;
  };
  for (const PageAddress& page : readable()) {
    if (page.target == "/") continue;
    const std::string& path = page.target;
    for (const std::string& trick : {path + "/",
                                     path + "//",
                                     "/" + path,
                                     path + ";x",
                                     path + "/..;/",
                                     path + "/.",
                                     path + "/%2e",
                                     path + "%2f",
                                     path + "%5c",
                                     path + "%00",
                                     path + "%20",
                                     path + "#x",
                                     "/x/.." + path,
                                     "/%2e%2e" + path,
                                     "/." + path,
                                     "/x/%2e%2e%2f" + path.substr(1),
                                     "/login/..;" + path,
                                     "/static/%2e%2e" + path,
                                     "\\" + path.substr(1),
                                     "/%25" + path.substr(1),
                                     upper(path)}) {
      const int status = program.send(http::Method::kGet, trick, cookie_of(browser)).status;
      // What stands behind it is for its handler to judge, and this is no way back of anybody's.
      const bool judged = status == 400 && page.pattern.starts_with("/oauth/callback/");
      EXPECT_TRUE(status == 404 || judged) << trick << " " << status;
    }
  }
}

TEST_F(EveryPage, F101_AMemberComesNoFurtherThanTheirOwn) {
  const auto everybodys = [](const std::string& pattern) {  // who may, may for themselves
    return pattern.starts_with("/integrations/{slug}") || pattern.starts_with("/oauth/callback/") ||
           pattern == "/sign-in/{token}" || pattern == "/static/{file}";
  };
  const auto closed = [&](const std::string& pattern) {
    const bool admins =
        pattern.starts_with("/people") || pattern.starts_with("/providers") || pattern.starts_with("/audit/export");
    return admins || (pattern.find('{') != std::string::npos && !everybodys(pattern));
  };
  Headers headers = cookie_of(ada_browser);
  headers.push_back({"origin", std::string(kPublicUrl)});
  for (const PageAddress& page : readable()) {
    if (page.pattern == "/h/{token}") program.send(http::Method::kGet, page.target, headers);  // A001: on record, once
  }
  const int before = changes();
  int tried = 0;
  for (const PageAddress& page : readable()) {
    if (!closed(page.pattern)) continue;
    EXPECT_THAT(program.send(http::Method::kGet, page.target, headers).status, AnyOf(403, 404)) << page.text();
    ++tried;
  }
  for (const PageAddress& form : forms()) {
    if (!closed(form.pattern)) continue;
    const std::string body = "role=admin&csrf=" + percent_encode(ada_browser.csrf());
    EXPECT_THAT(submit(form, headers, body).status, AnyOf(403, 404)) << form.text();
    ++tried;
  }
  EXPECT_GT(tried, 30);
  EXPECT_EQ(changes(), before);
}

TEST_F(EveryPage, F102_SqlInAnyFilterIsOnlyText) {
  const int before = changes();
  for (const PageAddress& page : readable()) {
    if (page.pattern.find('{') != std::string::npos || page.pattern == "/events") continue;
    for (const char* filter : {"q", "owner", "state", "integration", "before", "actor", "action", "object", "from",
                               "until", "format", "provider", "item", "next", "done", "cursor", "sort"}) {
      for (const char* text : {"' or 1=1 --", "%' union select password_hash from people --"}) {
        const std::string target = page.target + "?" + filter + "=" + percent_encode(std::string(text));
        const http::Response answer = program.send(http::Method::kGet, target, cookie_of(ada_browser));
        EXPECT_LT(answer.status, 500) << target;
        EXPECT_THAT(text_of(answer), Not(HasSubstr("$argon2"))) << target;
        EXPECT_THAT(text_of(answer), Not(HasSubstr(agent_id.text()))) << target << " shows what is another's";
      }
    }
  }
  EXPECT_EQ(changes(), before);
}

}  // namespace
}  // namespace countersign::flows
