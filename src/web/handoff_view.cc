#include "web/handoff_view.h"

#include <algorithm>

#include "web/connection_facts.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kNameLimit = 100;
constexpr std::size_t kTypedLimit = 16 * 1024;
constexpr std::string_view kBaseUrl = "base_url";  // the field Handoffs::submit expects beside the template's

std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

std::string domains_of(const handoff::Card& card) {
  if (card.connection && !card.connection->base_url.empty()) return std::string(host_of(card.connection->base_url));
  if (!card.integration) return {};
  if (card.integration->base_url_rule == domain::BaseUrlRule::kPersonEnters) {
    return is_webhook(card) ? "" : "the address you name below";
  }
  std::string list;
  for (const std::string& url : card.integration->base_urls) {
    (list += list.empty() ? "" : ", ") += std::string(host_of(url));
  }
  return list;
}

std::string owner_of_agent(const handoff::Card& card, const Visit& visit) {
  if (!card.agent_owner) return "this workspace";
  return card.agent_owner->id == visit.person.id ? "you" : card.agent_owner->display_name;
}

bool asks_for_base_url(const handoff::Card& card) {
  return card.integration && card.integration->base_url_rule == domain::BaseUrlRule::kPersonEnters;
}

std::string_view problem_at(const std::vector<handoff::FieldProblem>& problems, std::string_view field) {
  const auto found =
      std::find_if(problems.begin(), problems.end(), [&](const auto& problem) { return problem.field == field; });
  return found == problems.end() ? std::string_view() : std::string_view(found->message);
}

domain::Field base_url_field() {
  domain::Field field;
  field.name = kBaseUrl;
  field.label = "base URL";
  field.hint = "Where the credential may be sent, and nowhere else. It begins with https://.";
  field.placeholder = "https://api.example.com";
  field.sensitivity = domain::Sensitivity::kPlain;
  return field;
}

// Of a webhook: whether it sends, too, is the person's choice.
domain::Field target_field() {
  domain::Field field = base_url_field();
  field.label = "address of yours (optional)";
  field.hint =
      "Only if signed deliveries are to be sent, too: where to, and nowhere else. Leave it empty to take them only.";
  field.placeholder = "https://hooks.example.com/in";
  return field;
}

domain::Field with_empty_explained(domain::Field field) {
  if (!field.hint.empty()) field.hint += ' ';
  field.hint += "Leave it empty and one is made for you, which you then enter there.";
  return field;
}

std::string ask_again(std::string_view what) {
  return "The link for " + std::string(what) +
         " does not work any more. Please make a new one and show me the link and its code.";
}

}  // namespace

std::string service_of(const handoff::Card& card) {
  return service_name(card.integration.get(), card.handoff.integration);
}

bool is_webhook(const handoff::Card& card) { return card.auth_template && card.auth_template->webhook; }

std::string credential_of(const handoff::Card& card) {
  return card.auth_template ? card.auth_template->label : "credential";
}

void show_request(const handoff::Card& card, const Visit& visit, Values& values) {
  values.set("TOKEN", visit.link_token).set("SERVICE", service_of(card)).set("CREDENTIAL", credential_of(card));
  if (card.connection) values.set("CONNECTION", card.connection->name, kNameLimit);

  Values& facts = values.include("FACTS", "facts.html");
  facts.set("AGENT", card.agent.name, kNameLimit).set("AGENT_OWNER", owner_of_agent(card, visit), kNameLimit);
  facts.show_either(card.handoff.agent.valid(), "BY_AGENT", "BY_YOU");
  facts.set("ASKED", ago(card.handoff.created_at, visit.now));
  show_deadline(card.handoff.expires_at, visit.now, facts);
  facts.set_if_any("SERVICE", service_of(card)).set_if_any("DOMAIN", domains_of(card));  // a client may be for none
  facts.set("WHO_CAN_USE", who_can_use(card.handoff.owner));
  const bool connects =
      card.handoff.kind == domain::HandoffKind::kSecretForm || card.handoff.kind == domain::HandoffKind::kOAuth;
  facts.show_either(connects, "CONNECTS");
  facts.set("ACCOUNT", visit.person.display_name + " (" + visit.person.login + ")", kNameLimit);
  facts.set_if_any("LABEL", card.handoff.label);
  facts.show_either(card.stranger_came, "STRANGER_CAME");

  // Nothing to compare where no agent shows a code.
  if (card.handoff.agent.valid()) values.include("CODE", "code.html").set("USER_CODE", card.handoff.user_code);
}

void show_proposal(const handoff::Card& card, Values& values) {
  const domain::Proposal& proposal = card.handoff.proposal;
  const bool replaces = card.handoff.action == domain::ConfirmAction::kReplaceConnection;
  const std::string name = proposal.name;
  values.set("CONNECTION", name, kNameLimit).show_either(replaces, "REPLACES");
  values.set("QUESTION", (replaces ? "Give the connection “" + name + "” another credential?"
                                   : "Make the connection “" + name + "” to " + service_of(card) + "?"));
  values.set("VERB", replaces ? "Replace the credential of" : "Make");
  values.set_if_any("IDENTITY", proposal.identity_label);
  for (const domain::ProviderReference& reference : proposal.references) {
    Values& row = values.add("REFERENCE").set("PROVIDER", reference.provider).set("ITEM", reference.item);
    std::string label = reference.field;
    if (card.auth_template) {
      for (const domain::Field& field : card.auth_template->fields) {
        if (field.name == reference.field) label = field.label;
      }
    }
    row.set("FIELD_LABEL", label);
  }
}

void show_deadline(Instant deadline, Instant now, Values& values) {
  const auto left = std::max(std::chrono::seconds(0), std::chrono::floor<std::chrono::seconds>(deadline - now));
  Values& closes = values.include("CLOSES", "deadline.html");
  closes.set("SECONDS_LEFT", std::to_string(left.count())).set("CLOSES", until(deadline, now));
}

void show_field(const domain::Field& field, const http::Form* typed, const std::vector<handoff::FieldProblem>& problems,
                Values& values) {
  Values& row = values.add("FIELD");
  row.set("NAME", field.name).set("FIELD_LABEL", field.label);
  row.set_if_any("HINT", field.hint);
  row.set_if_any("ERROR", problem_at(problems, field.name));
  if (field.sensitivity == domain::Sensitivity::kSecret) {
    row.show("SECRET");
    return;
  }
  const std::string_view text = typed ? typed->field(std::string(kPlainInput) + field.name) : std::string_view();
  row.add("PLAIN").set("VALUE", text, kTypedLimit).set("PLACEHOLDER", field.placeholder);
}

void show_fields(const handoff::Card& card, const http::Form* typed, const std::vector<handoff::FieldProblem>& problems,
                 Values& values) {
  const bool webhook = is_webhook(card);
  values.show_either(webhook, "TAKES", "GIVES");
  if (asks_for_base_url(card) && !webhook) show_field(base_url_field(), typed, problems, values);
  if (!card.auth_template) return;
  for (const domain::Field& field : card.auth_template->fields) {
    show_field(webhook ? with_empty_explained(field) : field, typed, problems, values);
  }
  if (asks_for_base_url(card) && webhook) show_field(target_field(), typed, problems, values);
  values.set_if_any("HELP_URL", card.auth_template->help_url);
  if (!card.auth_template->live_test) return;
  // Offered ticked; after that as the person left it.
  Values& check = values.add("LIVE_CHECK");
  check.show_either(typed == nullptr || typed->field(kLiveCheckInput) == "yes", "CHECKED");
  check.set_if_any("ERROR", problem_at(problems, "check"));
}

StateWords words_for(domain::HandoffState state, std::string_view what) {
  const std::string nothing = "Nothing was saved or changed.";
  const std::string stop = "If you did not expect this, there is nothing more to do.";
  switch (state) {
    case domain::kExpired:
      return {
          "This request has expired",
          "Nobody answered in time, so the link closed. That is not a refusal, and the agent is told so. " + nothing,
          "", ask_again(what)};
    case domain::kCancelled:
      return {"The agent cancelled this request", "It does not need your answer any more. " + nothing, stop, ""};
    case domain::kDeclined:
      return {"You declined this request", "The agent is told that the answer is no. " + nothing,
              "Changed your mind? Tell your agent; it can ask again.", ""};
    case domain::kCompleted:
      return {"This was done already", "The link worked once, as it should, and is used up now.",
              "If you typed something just now, it was not saved.", ""};
    case domain::kFailed:
      return {"This did not work", "The request ended with an error. " + nothing, "", ask_again(what)};
    case domain::kLocked:
      return {"This request is locked", "The wrong code was entered too often. " + nothing, "", ask_again(what)};
    case domain::kCompleting:
      return {"This is being done right now", "Somebody, perhaps you in another tab, has just answered.",
              "Load this page again in a moment.", ""};
    case domain::kPending:
    case domain::kOpened:
      return {"This request was changed in the meantime", "Perhaps it is open in another tab. " + nothing,
              "Load the link again.", ""};
  }
  return {};
}

void show_state(const StateWords& words, Values& values) {
  values.set("HEADING", words.heading).set("WHAT_HAPPENED", words.what_happened);
  values.set_if_any("WHAT_TO_DO", words.what_to_do);
  values.set_if_any("ASK_AGAIN", words.ask_again);
}

RefusalWords words_for(handoff::Refusal refusal) {
  switch (refusal) {
    case handoff::Refusal::kNotYours:
      return {"This link was made for someone else", "It opens only for the person it was made for.", true};
    case handoff::Refusal::kSentToAdmins:
      return {"This was sent to your admins", "An admin of this workspace has to answer it. You need not do anything.",
              true};
    case handoff::Refusal::kClaimed:
      return {"Another admin has taken this", "They answer it. You need not do anything.", false};
  }
  return {};
}

}  // namespace countersign::web
