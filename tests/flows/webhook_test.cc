// A webhook from the agent's wish to the provider's delivery and its removal, through every layer but the socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/in_process.h"
#include "vault/webhook_signature.h"

namespace countersign::flows {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string between(const std::string& page, std::string_view start, std::string_view end) {
  const auto at = page.find(start);
  if (at == std::string::npos) throw std::runtime_error("not on the page: " + std::string(start));
  const auto from = at + start.size();
  return page.substr(from, page.find(end, from) - from);
}

class Receiver final : public http::Client {
 public:
  http::ClientResponse send(http::ClientRequest request) override {
    for (const http::ClientHeader& header : request.headers) headers[header.name] = header.value;
    url = request.url;
    body = view(request.body);
    http::ClientResponse response;
    response.status = status;
    return response;
  }
  std::map<std::string, std::string> headers;
  std::string url;
  std::string body;
  int status = 204;
};

// Without a receiver what is sent goes through the real client.
class WebhookFlow : public ::testing::Test {
 protected:
  explicit WebhookFlow(http::Client* client = nullptr)
      : program(catalog::Mode::kDev, [client](app::ApplicationOptions& options) { options.client = client; }) {
    browser.sign_in(ada);
  }

  struct Hook {
    std::string page;     // of the connection
    std::string address;  // the path of the inbound one
  };
  // Asked for by the agent, filled in by the person.
  Hook connect(const std::string& target, std::string_view secret) {
    const Json minted = agent.ask(R"({"integration":"generic-http","template":"webhook","label":"Orders"})");
    const std::string path = path_of(minted["url"]);
    form = text_of(browser.get(path));
    const http::Response saved =
        browser.post(path + "/submit", {{"secret.signing_secret", std::string(secret)}, {"plain.base_url", target}});
    EXPECT_EQ(saved.status, 303) << text_of(saved);
    saved_page = text_of(browser.get(header_of(saved, "Location")));
    const Json outcome = json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()));
    EXPECT_EQ(outcome["status"], "completed");
    const std::string page = "/connections/" + outcome["connection"]["connectionId"].get<std::string>();
    return {page, path_of(between(text_of(browser.get(page)), "<code id=\"webhook-address\">", "<"))};
  }
  Headers signed_headers(std::string_view id, std::string_view body, std::string_view secret = kSecret,
                         std::chrono::seconds late = 0s) {
    const auto now = std::chrono::floor<std::chrono::seconds>(program.clock().now() - late);
    const std::string time = std::to_string(now.time_since_epoch().count());
    return {{"webhook-id", std::string(id)},
            {"webhook-timestamp", time},
            {"webhook-signature", vault::signature_of({}, Secret::copy_of(secret), {id, time, {}, body})},
            {"content-type", "application/json"}};
  }
  http::Response deliver(const Hook& hook, const Headers& headers, std::string_view body) {
    return program.send(http::Method::kPost, hook.address, headers, body, kElsewhere);
  }
  static std::string code_of(const http::Response& response) { return json_of(response).value("code", ""); }
  std::string page_of(const Hook& hook) { return text_of(browser.get(hook.page)); }

  InProcess program;
  PersonId ada = program.add_person("ada", domain::Role::kMember);
  Agent agent{program, program.issue_token(ada)};
  Browser browser{program};
  std::string form;
  std::string saved_page;
};

TEST_F(WebhookFlow, DeliversWhatTheProviderSignedWithTheSecretThatWasMadeHere) {
  const Hook hook = connect("", "");
  EXPECT_THAT(form, AllOf(HasSubstr("Leave it empty and one is made for you"), HasSubstr("address of yours")));
  EXPECT_THAT(saved_page, AllOf(HasSubstr("http://127.0.0.1:7117" + hook.address), HasSubstr("/signing-secret\"")));
  EXPECT_THAT(page_of(hook), AllOf(HasSubstr("Nothing has come in yet."), Not(HasSubstr("whsec_"))));

  browser.get(hook.page + "/signing-secret");
  const http::Response shown = browser.post(hook.page + "/signing-secret");
  ASSERT_EQ(shown.status, 200) << text_of(shown);
  EXPECT_EQ(header_of(shown, "Cache-Control"), "no-store");
  const std::string secret = between(text_of(shown), "<code id=\"signing-secret\">", "<");
  EXPECT_THAT(secret, testing::StartsWith("whsec_"));

  const std::string body = R"({"type":"order.paid","note":"<b>hello</b>"})";
  const http::Response taken = deliver(hook, signed_headers("msg_1", body, secret), body);
  EXPECT_EQ(taken.status, 200) << text_of(taken);
  EXPECT_EQ(text_of(taken), R"({"ok":true})");
  EXPECT_THAT(page_of(hook), AllOf(HasSubstr("&lt;b&gt;hello&lt;/b&gt;"), HasSubstr("Accepted"),
                                   HasSubstr(std::to_string(body.size()) + " bytes"), HasSubstr("application/json"),
                                   Not(HasSubstr("<b>hello"))));
  EXPECT_THAT(program.log().text(), Not(HasSubstr(secret)));
  EXPECT_THAT(program.log().text(), Not(HasSubstr(hook.address.substr(7))));
}

TEST_F(WebhookFlow, EveryVerdictHasItsAnswerAndIsTold) {
  const Hook hook = connect("", kSecret);
  const Headers good = signed_headers("msg_1", "{}");
  EXPECT_EQ(deliver(hook, good, "{}").status, 200);
  EXPECT_EQ(text_of(deliver(hook, good, "{}")), R"({"ok":true})") << "a repetition hears the same";
  const http::Response forged = deliver(hook, good, "{ }");
  EXPECT_EQ(forged.status, 401);
  EXPECT_EQ(code_of(forged), "bad_signature");
  EXPECT_EQ(header_of(forged, "Content-Type"), "application/problem+json");
  const http::Response old = deliver(hook, signed_headers("msg_2", "{}", kSecret, 301s), "{}");
  EXPECT_EQ(old.status, 401);
  EXPECT_EQ(code_of(old), "stale_delivery");
  const http::Response plain = deliver(hook, {}, "{}");
  EXPECT_EQ(plain.status, 400);
  EXPECT_EQ(code_of(plain), "malformed_delivery");
  EXPECT_THAT(page_of(hook), AllOf(HasSubstr("1 delivery with a wrong signature"),
                                   HasSubstr("1 delivery whose time is more than five minutes from ours"),
                                   HasSubstr("1 delivery without the headers"), HasSubstr("1 delivery that had come")));
}

TEST_F(WebhookFlow, OnlyTheBeginningOfABodyIsShownAndAsWhatItIs) {
  const Hook hook = connect("", kSecret);
  const std::string large = "\xe2\x80\xae" + std::string(400, 'x');
  EXPECT_EQ(deliver(hook, signed_headers("msg_1", large), large).status, 200);
  EXPECT_THAT(page_of(hook), AllOf(HasSubstr("⟦U+202E⟧" + std::string(200, 'x')), Not(HasSubstr(std::string(301, 'x'))),
                                   HasSubstr("403 bytes")));
}

TEST_F(WebhookFlow, AnUnknownAddressIsAPlain404ForEverybody) {
  const Hook hook = connect("", kSecret);
  for (const std::string& address : {std::string("/hooks/x"), hook.address + "A", std::string("/hooks/") + "a.b"}) {
    const http::Response answer = program.send(http::Method::kPost, address, signed_headers("m", "{}"), "{}");
    EXPECT_EQ(answer.status, 404) << address;
    EXPECT_EQ(code_of(answer), "unknown_address");
  }
  EXPECT_EQ(program.send(http::Method::kGet, hook.address).status, 405);
  // A person's session and an agent's token are of no use here, and need not be absent.
  Headers with_token = signed_headers("m", "{}");
  with_token.push_back({"authorization", "Bearer wrong"});
  with_token.push_back({"cookie", browser.cookie_header()});
  EXPECT_EQ(deliver(hook, with_token, "{}").status, 200);
}

TEST_F(WebhookFlow, ABodyIsNeverReadBeyondItsLimit) {
  const Hook hook = connect("", kSecret);
  EXPECT_EQ(program.application().body_limit(http::Method::kPost, hook.address), 256U * 1024);
}

TEST_F(WebhookFlow, RemovedItIsGoneAtOnceAndItsDeliveriesToo) {
  const Hook hook = connect("", kSecret);
  EXPECT_EQ(deliver(hook, signed_headers("msg_1", "canary-body"), "canary-body").status, 200);
  browser.get(hook.page);
  EXPECT_EQ(browser.post(hook.page + "/remove").status, 303);
  EXPECT_EQ(deliver(hook, signed_headers("msg_2", "{}"), "{}").status, 404);
  EXPECT_THAT(page_of(hook), AllOf(Not(HasSubstr("canary-body")), Not(HasSubstr("/hooks/"))));
  EXPECT_EQ(browser.get(hook.page + "/signing-secret").status, 404);
}

TEST_F(WebhookFlow, TheSecretIsShownToItsOwnerAloneAndNotWhenItWasTyped) {
  const Hook typed = connect("", kSecret);
  browser.get(typed.page + "/signing-secret");
  const http::Response refused = browser.post(typed.page + "/signing-secret");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(text_of(refused), AllOf(HasSubstr("was typed in"), Not(HasSubstr(std::string(kSecret)))));
  EXPECT_THAT(page_of(typed), Not(HasSubstr("/signing-secret\""))) << "nothing is offered that would be refused";
  EXPECT_THAT(saved_page, Not(HasSubstr("/signing-secret\"")));

  const Hook made = connect("", "");
  EXPECT_THAT(page_of(made), HasSubstr("/signing-secret\""));
  Browser other(program);
  other.sign_in(program.add_person("bob", domain::Role::kAdmin));
  other.get("/");
  EXPECT_EQ(other.get(made.page + "/signing-secret").status, 404);
  EXPECT_EQ(other.post(made.page + "/signing-secret").status, 404);
  EXPECT_EQ(other.post(made.page + "/test-delivery").status, 404);
  Agent robot(program, program.issue_token(ada));
  EXPECT_THAT(text_of(robot.get("/v1" + made.page)), Not(HasSubstr("whsec_")));
}

TEST_F(WebhookFlow, AnAnswerThatWasMadeUpIsNotShown) {
  const Hook hook = connect("https://hooks.example.com/in", kSecret);
  for (const char* sent : {"<b>", "99", "600", "1e3", "-200", "done"}) {
    EXPECT_THAT(text_of(browser.get(hook.page + "?sent=" + percent_encode(sent))), Not(HasSubstr("role=\"status\"")))
        << sent;
  }
}

// A webhook's target is a person's word: whatever it says, nothing inside is reached.
TEST_F(WebhookFlow, A054_NoDeliveryGoesToAnAddressThatIsNotPublic) {
  for (const char* target : {"https://10.0.0.1/in", "https://169.254.169.254/latest", "https://[fd00::1]/in",
                             "https://192.168.1.1:8443", "https://[::ffff:10.0.0.1]/in"}) {
    const Hook hook = connect(target, kSecret);
    browser.get(hook.page);
    const http::Response sent = browser.post(hook.page + "/test-delivery");
    ASSERT_EQ(sent.status, 303) << text_of(sent);
    EXPECT_EQ(header_of(sent, "Location"), hook.page + "?sent=upstream_address_refused") << target;
    EXPECT_THAT(text_of(browser.get(header_of(sent, "Location"))),
                HasSubstr("Nothing was sent: the address leads to a place that is not public"));
  }
}

class OutboundFlow : public WebhookFlow {
 protected:
  OutboundFlow() : WebhookFlow(&receiver()) {}
  static Receiver& receiver() {
    static Receiver one;
    return one;
  }
};

TEST_F(OutboundFlow, ATestDeliveryGoesToTheAddressThatThePersonConfirmed) {
  const Hook hook = connect("https://hooks.example.com/in", kSecret);
  EXPECT_THAT(page_of(hook), AllOf(HasSubstr("https://hooks.example.com/in"), HasSubstr("Send a test delivery")));
  const http::Response sent = browser.post(hook.page + "/test-delivery");
  ASSERT_EQ(sent.status, 303) << text_of(sent);
  EXPECT_EQ(receiver().url, "https://hooks.example.com/in");
  EXPECT_EQ(receiver().body, R"({"type":"countersign.test"})");
  EXPECT_THAT(text_of(browser.get(header_of(sent, "Location"))), HasSubstr("answered with status 204: it was taken"));

  // Sent to ourselves it is taken: both sides speak the same.
  Headers looped;
  for (const auto& [name, value] : receiver().headers) {
    looped.push_back({name == "Content-Type" ? "content-type" : name, value});
  }
  EXPECT_EQ(deliver(hook, looped, receiver().body).status, 200);

  receiver().status = 500;
  browser.get(hook.page);
  const http::Response again = browser.post(hook.page + "/test-delivery");
  EXPECT_THAT(text_of(browser.get(header_of(again, "Location"))), HasSubstr("status 500: by the rules of webhooks"));
  for (int i = 0; i < 4; ++i) browser.post(hook.page + "/test-delivery");
  EXPECT_EQ(browser.post(hook.page + "/test-delivery").status, 429);
}

TEST_F(OutboundFlow, WithoutATargetThereIsNothingToSend) {
  const Hook hook = connect("", kSecret);
  EXPECT_THAT(page_of(hook), Not(HasSubstr("Send a test delivery")));
  EXPECT_EQ(browser.post(hook.page + "/test-delivery").status, 409);
}

}  // namespace
}  // namespace countersign::flows
