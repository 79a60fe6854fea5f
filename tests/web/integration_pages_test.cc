// What can be connected, as people search for it and as they read about it before they give a credential away.
#include "web/fixture.h"
#include "web/integration_words.h"

namespace countersign::web {
namespace {

using ::testing::ElementsAre;

class IntegrationPages : public WebTest {
 protected:
  std::string page(std::string_view path) { return text_of(get(path, session.get())); }

  const domain::Person ada = add_person("ada");
  const Session session = sign_in_as(ada.id);
};

TEST_F(IntegrationPages, SearchFindsByNameSlugAndCategoryInAnyCase) {
  EXPECT_THAT(page("/integrations"),
              testing::AllOf(HasSubstr("/integrations/stripe"), HasSubstr("/integrations/github")));
  for (const char* query : {"STRIPE", "stri", "payments", "stripe%20PAY", "%20stripe%20"}) {
    const std::string found = page(std::string("/integrations?q=") + query);
    EXPECT_THAT(found, HasSubstr("/integrations/stripe")) << query;
    EXPECT_THAT(found, Not(HasSubstr("/integrations/github"))) << query;
  }
}

TEST_F(IntegrationPages, SearchWithoutAFindSaysWhatElseThereIs) {
  const std::string none = page("/integrations?q=%3Cb%3Enothing");
  EXPECT_THAT(none, HasSubstr("No integration fits “&lt;b&gt;nothing”."));
  EXPECT_THAT(none, HasSubstr("href=\"/integrations/generic-http\""));
}

TEST_F(IntegrationPages, OneSaysWhereTheCredentialGoesAndHowItIsPlaced) {
  const std::string stripe = page("/integrations/stripe");
  EXPECT_THAT(stripe, HasSubstr("<code>https://api.stripe.com</code>"));
  EXPECT_THAT(stripe, HasSubstr("In the header Authorization, as “Bearer ‹API key›”."));
  EXPECT_THAT(stripe, HasSubstr("begins with sk_ or rk_, at least 16 characters"));
  EXPECT_THAT(stripe, HasSubstr("rel=\"noopener noreferrer\" target=\"_blank\">The service’s own"));
  EXPECT_THAT(stripe, HasSubstr("integration &quot;stripe&quot;"));
  EXPECT_THAT(page("/integrations/zendesk"), HasSubstr("<code>https://‹subdomain›.zendesk.com</code>"));
  EXPECT_THAT(page("/integrations/zendesk"), HasSubstr("GET /api/v2/users/me.json"));
  EXPECT_THAT(page("/integrations/generic-http"), HasSubstr("the address that you type in the form, and to no other"));
}

TEST_F(IntegrationPages, ConnectionsAreCountedByWhoseTheyAre) {
  post("/h/" + mint(ada.id, "demo") + "/submit", session.post(),
       {{"csrf", session.csrf}, {"secret.key", "demo-key-0123456789abcdef"}});
  EXPECT_THAT(page("/integrations/demo"), HasSubstr("1 of yours, 0 of the workspace."));
  EXPECT_THAT(page("/integrations?q=demo"), HasSubstr("<span class=\"badge ok\">Connected: 1</span>"));
  const Session bob = sign_in_as(add_person("bob").id);
  EXPECT_THAT(text_of(get("/integrations/demo", bob.get())), HasSubstr("0 of yours, 0 of the workspace."));
}

TEST_F(IntegrationPages, UnknownOneIsNotFound) {
  EXPECT_EQ(get("/integrations/nothing", session.get()).status, 404);
  EXPECT_EQ(get("/integrations/%27", session.get()).status, 404);
}

TEST(IntegrationWords, PlaceIsToldInTheLabelsOfTheForm) {
  domain::AuthTemplate form;
  form.fields.resize(2);
  form.fields[0].name = "user";
  form.fields[0].label = "e-mail address";
  form.fields[1].name = "key";
  form.fields[1].label = "API key";
  form.placement.basic = domain::BasicPair{"{user}/token", "{key}"};
  EXPECT_THAT(placement_words(form),
              ElementsAre("In the header Authorization, as user name and password (Basic): “‹e-mail address›/token” as "
                          "the user name, “‹API key›” as the password."));
  form.placement.basic = domain::BasicPair{"{key}", ""};
  EXPECT_THAT(placement_words(form).front(), HasSubstr("no password"));
  form.placement = {{{"{user}", "{key}"}, {"X-Version", "2"}}, std::nullopt};
  EXPECT_THAT(placement_words(form),
              ElementsAre("In the header ‹e-mail address›, as “‹API key›”.", "In the header X-Version, as “2”."));
  form.placement = {};
  EXPECT_EQ(placement_words(form).size(), 1U);
}

TEST(IntegrationWords, ShapeOfAFieldIsToldWhenThereIsOne) {
  domain::Field field;
  EXPECT_EQ(shape_words(field), "");
  field.prefixes = {"a_", "b_", "c_"};
  EXPECT_EQ(shape_words(field), "begins with a_, b_ or c_");
  field.min_length = 20;
  EXPECT_EQ(shape_words(field), "begins with a_, b_ or c_, at least 20 characters");
}

}  // namespace
}  // namespace countersign::web
