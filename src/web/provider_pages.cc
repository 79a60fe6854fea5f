// Secrets that live elsewhere, for admins: what the configured providers hold, and which of it agents may use, for
// what and for whom. Nothing of a secret is shown; an item is looked at once when it is bound.
#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "base/error.h"
#include "web/act_page.h"
#include "web/connection_facts.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/step_up.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kItemsShown = 100;
constexpr std::size_t kItemLimit = 300;

constexpr std::array kDone{
    DoneNote{"bound", "Bound. Agents can ask for a connection that uses it; a person confirms each."},
    DoneNote{"unbound", "Unbound. Connections that use it stop working at their next call."}};

std::string owner_words(const domain::Owner& owner, const PeopleNames& names) {
  if (owner.kind == domain::OwnerKind::kOrg) return "the workspace";
  const auto name = names.find(owner.person);
  return name == names.end() ? owner.person.text() : name->second;
}

void show_bindings(const Services& services, const std::vector<domain::ProviderBinding>& bindings,
                   const PeopleNames& names, Values& values) {
  values.show_either(bindings.empty(), "NOTHING_BOUND", "BOUND");
  for (const domain::ProviderBinding& binding : bindings) {
    const auto integration = services.catalog.find(binding.integration);
    const auto by = names.find(binding.created_by);
    Values& row = values.add("BINDING").set("BINDING_ID", binding.id.text()).set("ITEM", binding.item, kItemLimit);
    row.set("PROVIDER", binding.provider).set("SERVICE", service_name(integration.get(), binding.integration));
    row.set("OWNER", owner_words(binding.owner, names), 200);
    row.set("BY", by == names.end() ? binding.created_by.text() : by->second, 200);
    row.set("AT", ago(binding.created_at, services.clock.now()));
  }
}

std::string bind_path(std::string_view provider, std::string_view item) {
  return "/providers/bind?provider=" + percent_encode(provider) + "&item=" + percent_encode(item);
}

// How often an item is bound, by provider and item.
using BoundCounts = std::map<std::pair<std::string, std::string>, int>;
BoundCounts counts_of(const std::vector<domain::ProviderBinding>& bindings) {
  BoundCounts counts;
  for (const domain::ProviderBinding& binding : bindings) ++counts[{binding.provider, binding.item}];
  return counts;
}

void show_items(const std::vector<vault::ProviderItem>& items, std::string_view provider, std::string_view search,
                BoundCounts& counts, Values& values) {
  std::size_t fitting = 0;
  for (const vault::ProviderItem& item : items) {
    if (item.name.find(search) == std::string::npos) continue;
    if (++fitting > kItemsShown) continue;
    Values& row =
        values.add("ITEM_ROW").set("ITEM", item.name, kItemLimit).set("BIND_PATH", bind_path(provider, item.id));
    const int bound = counts[{std::string(provider), item.id}];
    if (bound > 0) row.add("IS_BOUND").set("TIMES", std::to_string(bound));
  }
  if (fitting == 0) values.show(items.empty() ? "HOLDS_NOTHING" : "NO_ITEM_FITS");
  if (fitting > kItemsShown) values.add("MORE_ITEMS").set("MORE", std::to_string(fitting - kItemsShown));
}

// One that does not answer must not hide the others.
void show_provider(const Services& services, const domain::Acting& acting, const vault::Provider& provider,
                   std::string_view search, BoundCounts& counts, Values& values) {
  values.set("PROVIDER", provider.name()).set("DESCRIPTION", provider.description());
  values.set("BIND_PATH", bind_path(provider.name(), ""));
  try {
    show_items(services.bindings.items(acting, provider.name()), provider.name(), search, counts, values);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUpstream && error.code() != ErrorCode::kUnavailable) throw;
    values.add("TROUBLE").set("TROUBLE_WORDS", error.message());
  }
}

http::Response list(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  domain::require_role(acting, domain::Role::kAdmin);
  const auto bindings = services.bindings.list(acting);
  const auto providers = services.bindings.providers();
  const std::string_view search = trimmed(query_text(call, "q"));
  BoundCounts counts = counts_of(bindings);
  Page page(services, call, Section::kIntegrations);
  Values& values = page.content("providers.html", "Secrets that live elsewhere");
  show_done(call, kDone, values);
  values.set("SEARCH", search, 100);
  values.show_either(providers.empty(), "NONE", "SOME");
  if (!providers.empty() || !bindings.empty()) {
    show_bindings(services, bindings, names_of_people(services, acting.workspace), values.add("BINDINGS"));
  }
  for (const vault::Provider* provider : providers) {
    show_provider(services, acting, *provider, search, counts, values.add("PROVIDER_PART"));
  }
  return page.answer();
}

// --- bind -------------------------------------------------------------------------------------------------------

// What the form holds, as it came from the link or from the form itself.
struct Typed {
  std::string provider;
  std::string item;
  std::string integration;
  std::string owner;
};

struct Problem {
  std::string_view field;
  std::string message;
};
using FieldAndSection = std::pair<std::string_view, std::string_view>;
constexpr std::array kProblemSections{FieldAndSection{"item", "ITEM_PROBLEM"},
                                      FieldAndSection{"integration", "INTEGRATION_PROBLEM"},
                                      FieldAndSection{"owner", "OWNER_PROBLEM"}};

void show_choices(const Services& services, const domain::Acting& acting, const Typed& typed, Values& values) {
  for (const auto& integration : services.catalog.list()) {
    values.add("INTEGRATION")
        .set("VALUE", integration->slug)
        .set("TEXT", integration->name, 100)
        .show_either(integration->slug == typed.integration, "CHOSEN");
  }
  for (const domain::Person& person : services.people.list(acting.workspace)) {
    if (person.disabled) continue;
    values.add("PERSON_OPTION")
        .set("VALUE", person.id.text())
        .set("TEXT", person.display_name + " (" + person.login + ")", 200)
        .show_either(person.id.text() == typed.owner, "CHOSEN");
  }
}

http::Response bind_page(const Services& services, const http::Call& call, const Typed& typed,
                         const Problem& problem = {}) {
  const auto providers = services.bindings.providers();
  const auto provider = std::find_if(providers.begin(), providers.end(),
                                     [&](const vault::Provider* one) { return one->name() == typed.provider; });
  if (provider == providers.end()) throw Error(ErrorCode::kNotFound, "unknown_provider", "There is no such provider.");
  Page page(services, call, Section::kIntegrations);
  Values& values = page.content("providers_bind.html", "Bind a secret");
  if (!problem.message.empty()) page.add_problem(problem.field, problem.message);
  for (const auto& [field, section] : kProblemSections) {
    if (problem.field == field) values.add(section).set("PROBLEM_TEXT", problem.message);
  }
  values.set("PROVIDER", typed.provider).set("DESCRIPTION", (*provider)->description());
  values.set("ITEM", typed.item, kItemLimit);
  show_choices(services, acting_of(call.caller), typed, values);
  const bool password = problem.field == kStepUpField;
  ask_again(services, call, values, password ? std::string_view(problem.message) : std::string_view());
  return page.answer(problem.message.empty() ? 200 : 422);
}

http::Response show_bind(const Services& services, http::Call& call) {
  domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  return bind_page(services, call,
                   {std::string(query_text(call, "provider")), std::string(query_text(call, "item")), {}, {}});
}

// The field that a refusal belongs to; empty for what nobody can mend here.
std::string_view field_of(const Error& error) {
  const bool item = error.reason() == "unknown_provider_item" || error.reason() == "item_not_allowed" ||
                    error.reason() == "bound_already" || error.code() == ErrorCode::kUpstream ||
                    error.code() == ErrorCode::kUnavailable;
  if (item) return "item";
  return error.reason() == "unknown_person" ? "owner" : "";
}

http::Response bind(const Services& services, http::Call& call) {
  domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  const http::Form& form = *call.form;
  const Typed typed{std::string(form.field("provider")), std::string(trimmed(form.field("item"))),
                    std::string(form.field("integration")), std::string(form.field("owner"))};
  const auto person = PersonId::parse(typed.owner);
  if (typed.item.empty()) return bind_page(services, call, typed, {"item", "Name the item."});
  if (!services.catalog.find(typed.integration)) {
    return bind_page(services, call, typed, {"integration", "Choose the service that it is for."});
  }
  if (!person && typed.owner != "workspace")
    return bind_page(services, call, typed, {"owner", "Choose who may use it."});
  const Verified proof = verified(services, call);
  if (!proof.problem.empty()) return bind_page(services, call, typed, {kStepUpField, proof.problem});
  call.caller.verified_at = proof.acting.verified_at.time_since_epoch().count();
  const domain::Owner owner = person ? domain::Owner::user(*person) : domain::Owner::org();
  try {
    services.bindings.bind(proof.acting, {typed.provider, typed.item, typed.integration, owner});
  } catch (const Error& error) {
    const std::string_view field = field_of(error);
    if (field.empty()) throw;
    return bind_page(services, call, typed, {field, error.message()});
  }
  return http::see_other("/providers?done=bound");
}

// --- unbind -----------------------------------------------------------------------------------------------------

Act unbind_act(const Services& services, const http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const auto id = BindingId::parse(call.path_params.at("id"));
  const auto bindings = services.bindings.list(acting);  // demands an admin
  const auto found =
      std::find_if(bindings.begin(), bindings.end(), [&](const auto& one) { return id && one.id == *id; });
  if (found == bindings.end()) throw Error(ErrorCode::kNotFound, "unknown_binding", "There is no such binding.");
  const auto integration = services.catalog.find(found->integration);
  Act act;
  act.section = Section::kIntegrations;
  act.verb = "Unbind";
  act.object = found->item;
  act.lead = "It is bound for " + service_name(integration.get(), found->integration) + ", to be used by " +
             owner_words(found->owner, names_of_people(services, acting.workspace)) + ".";
  act.effects = {"Connections that use it stop working at their next call.",
                 "The secret itself stays where it is, and as it is.",
                 "Binding it again lets those connections work again."};
  act.path = "/providers/bindings/" + found->id.text() + "/unbind";
  act.back_path = "/providers";
  act.back_text = "Back to the secrets";
  act.weight = Act::Weight::kDangerous;
  act.proof = Act::Proof::kNotNeeded;
  return act;
}

http::Response ask_unbind(const Services& services, http::Call& call) {
  return ask(services, call, unbind_act(services, call));
}

http::Response unbind(const Services& services, http::Call& call) {
  const Act act = unbind_act(services, call);
  auto trouble = carry_out(services, call, act, [&](const domain::Acting& acting) {
    services.bindings.unbind(acting, *BindingId::parse(call.path_params.at("id")));
  });
  return trouble ? *std::move(trouble) : http::see_other("/providers?done=unbound");
}

}  // namespace

void add_provider_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/providers", Access::kBrowser, list});
  add_page(router, services, {Method::kGet, "/providers/bind", Access::kBrowser, show_bind});
  add_page(router, services,
           {Method::kPost, "/providers/bind", Access::kBrowserForm, bind, {std::string(kStepUpField)}});
  add_page(router, services, {Method::kGet, "/providers/bindings/{id}/unbind", Access::kBrowser, ask_unbind});
  add_page(router, services, {Method::kPost, "/providers/bindings/{id}/unbind", Access::kBrowserForm, unbind});
}

}  // namespace countersign::web
