#include "web/act_page.h"

#include "base/error.h"
#include "web/step_up.h"

namespace countersign::web {
namespace {

constexpr std::string_view kButton = "act";

struct Problem {
  std::string_view field;
  std::string message;
};

void show_choice(const Choice& choice, const http::Form* typed, Values& values) {
  const std::string chosen = typed ? std::string(typed->field(choice.name)) : choice.chosen;
  Values& field = values.add("CHOICE").set("CHOICE_NAME", choice.name).set("CHOICE_LABEL", choice.label);
  for (const Choice::Option& option : choice.options) {
    field.add("OPTION")
        .set("OPTION_VALUE", option.value)
        .set("OPTION_TEXT", option.text)
        .show_either(option.value == chosen, "CHOSEN");
  }
}

void show_act(const Act& act, const http::Form* typed, Values& values) {
  values.set("VERB", act.verb).set_if_any("OBJECT", act.object);
  values.set("LEAD", act.lead).set("ACTION", act.path);
  values.set("STAY", act.stay).set("BACK_PATH", act.back_path).set("BACK_TEXT", act.back_text, 100);
  values.show_either(act.weight == Act::Weight::kDangerous, "DANGEROUS", "PLAIN");
  if (!act.effects.empty()) {
    Values& effects = values.add("EFFECTS");
    for (const std::string& effect : act.effects) effects.add("EFFECT").set("EFFECT_TEXT", effect);
  }
  for (const auto& [name, value] : act.hidden) {
    values.add("HIDDEN").set("HIDDEN_NAME", name).set("HIDDEN_VALUE", value);
  }
  if (act.choice) show_choice(*act.choice, typed, values);
}

http::Response page_of(const Services& services, const http::Call& call, const Act& act, const Problem& problem,
                       int status) {
  Page page(services, call, act.section);
  const std::string title = act.object.empty() ? act.verb : act.verb + " " + act.object;
  Values& values = page.content("act.html", title);
  show_act(act, call.form, values);
  const bool password = problem.field == kStepUpField;
  if (!problem.message.empty()) page.add_problem(problem.field, problem.message);
  if (act.proof == Act::Proof::kFresh) {
    ask_again(services, call, values, password ? std::string_view(problem.message) : std::string_view());
  }
  return page.answer(status);
}

}  // namespace

http::Response ask(const Services& services, const http::Call& call, const Act& act) {
  return page_of(services, call, act, {}, 200);
}

std::optional<http::Response> carry_out(const Services& services, http::Call& call, const Act& act,
                                        const std::function<void(const domain::Acting&)>& perform) {
  domain::Acting acting = acting_of(call.caller);
  if (act.proof == Act::Proof::kFresh) {
    const Verified proof = verified(services, call);
    if (!proof.problem.empty()) return page_of(services, call, act, {kStepUpField, proof.problem}, 422);
    acting = proof.acting;
    call.caller.verified_at = acting.verified_at.time_since_epoch().count();  // shown again, it does not ask twice
  }
  try {
    perform(acting);
  } catch (const Error& error) {
    const bool conflict = error.code() == ErrorCode::kConflict;
    if (!conflict && error.code() != ErrorCode::kInvalidArgument) throw;  // those two are told on the page itself
    const std::string_view field = act.choice ? std::string_view(act.choice->name) : kButton;
    return page_of(services, call, act, {field, error.message()}, conflict ? 409 : 422);
  }
  return std::nullopt;
}

}  // namespace countersign::web
