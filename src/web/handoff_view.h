// A handoff as a person sees it: Values from a Card, without a service or a request. Pure; the pages in
// handoff_pages.cc decide which of these is shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/people.h"
#include "handoff/handoffs.h"
#include "http/router.h"
#include "web/values.h"

namespace countersign::web {

// Who looks, when, and through which link.
struct Visit {
  std::string_view link_token;
  const domain::Person& person;
  Instant now;
};

// Who asks, for what, and the code to compare: the broker's facts first, the agent's words last (DESIGN 8.5).
void show_request(const handoff::Card& card, const Visit& visit, Values& values);
// Where {{>CLOSES}} stands: when it closes, and for the script how long that is.
void show_deadline(Instant deadline, Instant now, Values& values);
// What a kCreateConnection or kReplaceConnection would make, and of what.
void show_proposal(const handoff::Card& card, Values& values);
// The fields to fill in. `typed` (may be null) gives plain fields their text back; a secret is never repeated.
void show_fields(const handoff::Card& card, const http::Form* typed, const std::vector<handoff::FieldProblem>& problems,
                 Values& values);

// One of them.
void show_field(const domain::Field& field, const http::Form* typed, const std::vector<handoff::FieldProblem>& problems,
                Values& values);

// The form's input for a field is named by what it holds, so that the route can declare the secret ones.
inline constexpr std::string_view kSecretInput = "secret.";
inline constexpr std::string_view kPlainInput = "plain.";
inline constexpr std::string_view kLiveCheckInput = "live_check";

// One honest page per end of a handoff; empty parts are left out.
struct StateWords {
  std::string heading;
  std::string what_happened;
  std::string what_to_do;
  std::string ask_again;  // a sentence to say to the agent
};
// `what` is a noun for the request: "GitHub" or "the removal of a connection".
StateWords words_for(domain::HandoffState state, std::string_view what);
void show_state(const StateWords& words, Values& values);

// "made for someone else", and its milder kin.
struct RefusalWords {
  std::string_view heading;
  std::string_view what_happened;
  bool other_account_may_help = false;
};
RefusalWords words_for(handoff::Refusal refusal);

std::string service_of(const handoff::Card& card);
// Nothing is handed over then: an address is made, and perhaps a secret.
bool is_webhook(const handoff::Card& card);
// What the person hands over: "personal access token".
std::string credential_of(const handoff::Card& card);

}  // namespace countersign::web
