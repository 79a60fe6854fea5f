// Provider items through their page: only admins, only with a fresh proof, and one silent provider hides no other.
#include <chrono>

#include "base/error.h"
#include "web/fixture.h"

namespace countersign::web::provider_pages {
namespace {

constexpr std::string_view kPassword = "violet-harbour-tuba";

// A vault that is down.
class SilentProvider final : public vault::Provider {
 public:
  std::string_view name() const override { return "vault"; }
  std::string description() const override { return "a vault <far> away"; }
  std::vector<vault::ProviderItem> items() const override { throw down(); }
  Secret resolve(std::string_view) const override { throw down(); }

 private:
  static Error down() { return {ErrorCode::kUnavailable, "upstream_unreachable", "Nobody answers there."}; }
};

class ProviderPages : public WebTest {
 protected:
  domain::Person with_password(std::string login, domain::Role role) {
    const domain::Person person = add_person(std::move(login), role);
    people.set_password(by, kHome, person.id, Secret::copy_of(kPassword));
    return person;
  }
  std::string page(std::string_view path = "/providers") { return text_of(get(path, session.get())); }
  http::Response bind(Fields fields, std::string_view password = {}) {
    fields.emplace_back("csrf", session.csrf);
    if (!password.empty()) fields.emplace_back("step_up_password", password);
    return post("/providers/bind", session.post(), fields);
  }
  Fields stripe(std::string owner = "workspace") const {
    return {{"provider", "env"}, {"item", "AGENT_STRIPE_KEY"}, {"integration", "stripe"}, {"owner", std::move(owner)}};
  }
  std::vector<domain::ProviderBinding> bound() const {
    return bindings.list({kHome, boss.id, domain::Role::kAdmin, clock.now()});
  }
  // The same pages over other providers.
  void serve(const vault::Bindings& others) {
    other_services.emplace(Services{handoffs, logins,    connections, oauth_clients, oauth_connect, discovery,
                                    tokens,   revoker,   webhooks,    sign_in,       people,        accounts,
                                    sessions, grants,    trail,       others,        catalog,       clock,
                                    settings, templates, assets,      audit_state,   system_facts});
    router = http::Router();
    add_page_routes(router, *other_services);
  }

  const domain::Person boss = with_password("boss", domain::Role::kAdmin);
  const domain::Person ada = with_password("ada", domain::Role::kMember);
  const Session session = sign_in_as(boss.id);
  std::optional<Services> other_services;
};

TEST_F(ProviderPages, OnlyAdminsGetThatFar) {
  const Session member = sign_in_as(ada.id);
  for (const char* path :
       {"/providers", "/providers/bind?provider=env", "/providers/bindings/pb_0000000000001/unbind"}) {
    EXPECT_EQ(get(path, member.get()).status, 403) << path;
  }
  Fields fields = stripe();
  fields.emplace_back("csrf", member.csrf);
  EXPECT_EQ(post("/providers/bind", member.post(), fields).status, 403);
  EXPECT_TRUE(bound().empty());
}

TEST_F(ProviderPages, WithoutAProviderThePageSaysHowToConfigureOne) {
  const vault::Bindings none(store, {}, clock, ids);
  serve(none);
  const std::string empty = page();
  for (const char* key : {"env_prefix", "file_directory", "vault_address", "vault_token_file"}) {
    EXPECT_THAT(empty, HasSubstr(key));
  }
  EXPECT_EQ(get("/providers/bind?provider=env", session.get()).status, 404);
}

TEST_F(ProviderPages, ItemIsBoundWithAFreshProofAndListed) {
  EXPECT_THAT(page(), HasSubstr("href=\"/providers/bind?provider=env&amp;item=AGENT_STRIPE_KEY\""));
  EXPECT_THAT(page(), HasSubstr("Nothing is bound"));
  clock.advance(std::chrono::minutes(6));
  const std::string form = page("/providers/bind?provider=env&item=AGENT_STRIPE_KEY");
  EXPECT_THAT(form, HasSubstr("value=\"AGENT_STRIPE_KEY\""));
  EXPECT_THAT(form, HasSubstr("name=\"step_up_password\""));
  const http::Response asked = bind(stripe());
  EXPECT_EQ(asked.status, 422);
  EXPECT_THAT(text_of(asked), HasSubstr("<option value=\"stripe\" selected>"));
  EXPECT_TRUE(bound().empty());
  EXPECT_EQ(header_of(bind(stripe(), kPassword), "Location"), "/providers?done=bound");
  ASSERT_EQ(bound().size(), 1U);
  EXPECT_EQ(bound().front().owner, domain::Owner::org());
  const std::string list = page();
  EXPECT_THAT(list, HasSubstr("<bdi class=\"foreign\">AGENT_STRIPE_KEY</bdi>"));
  EXPECT_THAT(list, HasSubstr("by <bdi>boss the person (boss)</bdi>"));
  EXPECT_THAT(list, Not(HasSubstr("sk_test_")));
}

TEST_F(ProviderPages, ItemIsBoundForAPerson) {
  EXPECT_EQ(bind(stripe(ada.id.text())).status, 303);
  EXPECT_EQ(bound().front().owner, domain::Owner::user(ada.id));
  EXPECT_THAT(page(), HasSubstr("<bdi>ada the person (ada)</bdi>"));
}

TEST_F(ProviderPages, WhatCannotBeBoundIsMendedInTheForm) {
  const auto refused = [&](Fields fields, std::string_view field) {
    const http::Response answer = bind(std::move(fields));
    EXPECT_EQ(answer.status, 422) << field;
    EXPECT_THAT(text_of(answer), HasSubstr("href=\"#f-" + std::string(field) + "\""));
  };
  Fields unknown = stripe(), foreign = stripe(), nobody = stripe(), nameless = stripe();
  unknown[1].second = "AGENT_NOTHING";
  foreign[1].second = "HOME";
  nameless[1].second = " ";
  refused(unknown, "item");
  refused(foreign, "item");
  refused(nameless, "item");
  nobody[3].second = "pe_0000000000001";
  refused(nobody, "owner");
  nobody[3].second = "everybody";
  refused(nobody, "owner");
  Fields nowhere = stripe();
  nowhere[2].second = "nothing";
  refused(nowhere, "integration");
  EXPECT_EQ(bind(stripe()).status, 303);
  refused(stripe(), "item");  // twice
  EXPECT_EQ(bound().size(), 1U);
  Fields elsewhere = stripe();
  elsewhere[0].second = "clouds";
  EXPECT_EQ(bind(elsewhere).status, 404);
}

TEST_F(ProviderPages, UnbindingNamesTheItemAndNeedsNoPassword) {
  bind(stripe());
  clock.advance(std::chrono::minutes(6));
  const std::string path = "/providers/bindings/" + bound().front().id.text() + "/unbind";
  EXPECT_THAT(page(), HasSubstr(path));
  const std::string ask = page(path);
  EXPECT_THAT(ask, HasSubstr("type=\"submit\"><span>Unbind <bdi>AGENT_STRIPE_KEY</bdi></span></button>"));
  EXPECT_THAT(ask, HasSubstr("It is bound for Stripe, to be used by the workspace."));
  EXPECT_THAT(ask, Not(HasSubstr("step_up_password")));
  EXPECT_EQ(post(path, session.post(), {{"csrf", session.csrf}}).status, 303);
  EXPECT_TRUE(bound().empty());
  EXPECT_EQ(post(path, session.post(), {{"csrf", session.csrf}}).status, 404);
}

TEST_F(ProviderPages, SilentProviderHidesNoOther) {
  vault::Providers two;
  two.push_back(std::make_unique<SilentProvider>());
  two.push_back(vault::env_provider("AGENT_", {{"AGENT_OTHER", "x"}}));
  const vault::Bindings others(store, std::move(two), clock, ids);
  serve(others);
  const std::string list = page();
  EXPECT_THAT(list, HasSubstr("a vault &lt;far&gt; away"));
  EXPECT_THAT(list, HasSubstr("It does not answer now: Nobody answers there."));
  EXPECT_THAT(list, HasSubstr("AGENT_OTHER"));
  Fields fields = stripe();
  fields[0].second = "vault";
  EXPECT_EQ(bind(fields).status, 422);
}

TEST_F(ProviderPages, LongListsAreSearched) {
  std::map<std::string, std::string> environment;
  for (int i = 100; i < 250; ++i) environment["AGENT_" + std::to_string(i)] = "x";
  vault::Providers many;
  many.push_back(vault::env_provider("AGENT_", environment));
  const vault::Bindings others(store, std::move(many), clock, ids);
  serve(others);
  EXPECT_THAT(page(), HasSubstr("And 50 more: search for them."));
  EXPECT_THAT(page(), Not(HasSubstr("AGENT_249")));
  EXPECT_THAT(page("/providers?q=_249"), HasSubstr("AGENT_249"));
  EXPECT_THAT(page("/providers?q=zzz"), HasSubstr("No item of it fits “zzz”."));
}

}  // namespace
}  // namespace countersign::web::provider_pages
