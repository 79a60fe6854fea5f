#include "web/handoff_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/template_engine.h"
#include "web/times.h"

namespace countersign::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Instant kAsked{std::chrono::milliseconds{1'795'000'000'000}};  // 18 Nov 2026, 11:06:40 UTC

class HandoffView : public ::testing::Test {
 protected:
  HandoffView() {
    acme.slug = "acme";
    acme.name = "Acme";
    acme.base_urls = {"https://api.acme.example/v1", "https://files.acme.example"};
    domain::Field user, key;
    user.name = "user";
    user.label = "user name";
    user.sensitivity = domain::Sensitivity::kPlain;
    key.name = "key";
    key.label = "API key";
    key.hint = "It begins with ak_.";
    acme.templates.push_back({.slug = "key",
                              .kind = domain::TemplateKind::kCustom,
                              .label = "API key",
                              .help_url = "https://acme.example/help",
                              .fields = {user, key},
                              .placement = {},
                              .live_test = {},
                              .oauth = {},
                              .webhook = {}});
    ada.id = PersonId(7);
    ada.login = "ada";
    ada.display_name = "Ada L.";
    card.handoff.kind = domain::HandoffKind::kSecretForm;
    card.handoff.owner = domain::Owner::user(ada.id);
    card.handoff.subject = ada.id;
    card.handoff.user_code = "WDJB-MJHT";
    card.handoff.created_at = kAsked;
    card.handoff.expires_at = kAsked + std::chrono::seconds(600);
    card.handoff.agent = AgentId(5);
    card.agent.name = "Helper";
    card.agent_owner = ada;
    card.integration = catalog::IntegrationPtr(catalog::IntegrationPtr(), &acme);  // not owned
    card.auth_template = &acme.templates.front();
  }

  std::string form(const http::Form* typed = nullptr, const std::vector<handoff::FieldProblem>& problems = {}) {
    Values values;
    show_request(card, {"the.token", ada, kAsked + std::chrono::minutes(3)}, values);
    show_fields(card, typed, problems, values);
    return drawn("handoff_form.html", values);
  }
  std::string drawn(std::string_view name, const Values& values) {
    const WipingBuffer page = engine.render(name, values);
    return std::string(view(page));
  }

  TemplateEngine engine{embedded::templates()};
  domain::Integration acme;
  domain::Person ada;
  handoff::Card card;
};

TEST_F(HandoffView, SaysWhoAsksForWhatOfWhomAndUntilWhen) {
  const std::string page = form();
  for (const char* fact :
       {"Give your Acme API key to Countersign, not to the agent", ">Helper</bdi> that acts for you",
        "3 minutes ago (11:06 UTC)", "api.acme.example, files.acme.example", "Only agents that act for you",
        "Ada L. (ada)", "in 7 minutes (11:16 UTC)", "WDJB-MJHT", "Save Acme API key", "/h/the.token/submit",
        "/h/the.token/decline", "https://acme.example/help"}) {
    EXPECT_THAT(page, HasSubstr(fact));
  }
}

TEST_F(HandoffView, NamesAnotherOwnerAndTheWorkspace) {
  card.agent_owner->id = PersonId(8);
  card.agent_owner->display_name = "Bob";
  EXPECT_THAT(form(), HasSubstr("that acts for Bob"));
  card.agent_owner.reset();
  card.handoff.owner = domain::Owner::org();
  const std::string page = form();
  EXPECT_THAT(page, HasSubstr("that acts for this workspace"));
  EXPECT_THAT(page, HasSubstr("All agents of this workspace"));
}

TEST_F(HandoffView, TheAgentsWordsComeAfterOurFactsAndAreEscaped) {
  card.agent.name = "<b>Bank</b>\u202e";
  card.handoff.label = "\"><script>alert(1)</script>";
  const std::string page = form();
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;Bank&lt;/b&gt;⟦U+202E⟧"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_GT(page.find("own words"), page.find("This link closes"));
}

TEST_F(HandoffView, LongWordsOfTheAgentAreCut) {
  card.agent.name = std::string(5000, 'x');
  EXPECT_THAT(form(), HasSubstr("(4900 more characters)"));
}

TEST_F(HandoffView, ErrorsKeepPlainFieldsAndNeverASecret) {
  http::Form typed;
  typed.add("plain.user", "ada@acme");
  typed.add("secret.key", "as if the route had forgotten to declare it");
  const std::string page = form(&typed, {{"key", "Enter the API key"}});
  EXPECT_THAT(page, HasSubstr("value=\"ada@acme\""));
  EXPECT_THAT(page, Not(HasSubstr("as if")));
  EXPECT_THAT(page, HasSubstr("id=\"error-key\">Enter the API key"));
  EXPECT_THAT(page, HasSubstr("aria-describedby=\"hint-key error-key\" aria-invalid=\"true\""));
  EXPECT_THAT(page, Not(HasSubstr("error-user")));
}

TEST_F(HandoffView, SecretInputIsHiddenAndPlainInputIsNot) {
  const std::string page = form();
  EXPECT_THAT(page, HasSubstr("name=\"secret.key\" type=\"password\" autocomplete=\"off\""));
  EXPECT_THAT(page, HasSubstr("name=\"plain.user\" type=\"text\""));
}

TEST_F(HandoffView, BaseUrlIsAskedForOnlyWhereThePersonNamesIt) {
  EXPECT_THAT(form(), Not(HasSubstr("plain.base_url")));
  acme.base_url_rule = domain::BaseUrlRule::kPersonEnters;
  acme.base_urls.clear();
  EXPECT_THAT(form(), HasSubstr("name=\"plain.base_url\""));
}

TEST_F(HandoffView, RemovalNamesItsObjectOnTheButtons) {
  card.handoff.kind = domain::HandoffKind::kConfirm;
  card.auth_template = nullptr;
  card.connection.emplace();
  card.connection->name = "Payments";
  Values values;
  show_request(card, {"the.token", ada, kAsked}, values);
  const std::string page = drawn("handoff_confirm.html", values);
  EXPECT_THAT(page, HasSubstr("Remove “Payments”</button>"));
  EXPECT_THAT(page, HasSubstr("Keep it</button>"));
  EXPECT_THAT(page, HasSubstr("cannot be brought back"));
}

TEST_F(HandoffView, EveryEndHasItsOwnWords) {
  std::vector<std::string> headings;
  for (std::size_t i = 0; i < domain::kHandoffStateNames.names.size(); ++i) {
    const StateWords words = words_for(static_cast<domain::HandoffState>(i), "Acme");
    EXPECT_FALSE(words.what_happened.empty());
    if (i >= static_cast<std::size_t>(domain::kCompleting)) headings.push_back(words.heading);
  }
  std::sort(headings.begin(), headings.end());
  EXPECT_EQ(std::unique(headings.begin(), headings.end()), headings.end());
}

TEST_F(HandoffView, ExpiredIsNotARefusalAndSaysHowToAskAgain) {
  const StateWords words = words_for(domain::kExpired, "Acme");
  EXPECT_THAT(words.what_happened, HasSubstr("not a refusal"));
  EXPECT_THAT(words.ask_again, HasSubstr("Acme"));
  Values values;
  show_state(words, values);
  EXPECT_THAT(drawn("handoff_state.html", values), HasSubstr("say this to your agent"));
}

TEST(Times, AreWordsWithTheClockBehindThem) {
  using namespace std::chrono_literals;
  EXPECT_EQ(date_and_time(kAsked), "18 Nov 2026, 11:06 UTC");
  EXPECT_EQ(ago(kAsked, kAsked + 59s), "just now");
  EXPECT_EQ(ago(kAsked, kAsked + 60s), "1 minute ago (11:06 UTC)");
  EXPECT_EQ(ago(kAsked, kAsked + 5h), "5 hours ago (11:06 UTC)");
  EXPECT_EQ(ago(kAsked, kAsked + 30h), "18 Nov 2026, 11:06 UTC");
  EXPECT_EQ(ago(kAsked + 5s, kAsked), "just now") << "a clock that stepped back";
  EXPECT_EQ(until(kAsked, kAsked), "now");
  EXPECT_EQ(until(kAsked + 30s, kAsked), "in less than a minute (11:07 UTC)");
  EXPECT_EQ(until(kAsked + 119s, kAsked), "in 1 minute (11:08 UTC)");
}

}  // namespace
}  // namespace countersign::web
