#include "web/agent_views.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "web/connection_views.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;
namespace schema = mcp::schema;

// How often to look when a client cannot wait (RFC 8628 section 3.2 calls it `interval`).
constexpr int kPollSeconds = 2;

// What the agent should do now, in words a model can follow.
std::string next_step(domain::HandoffState state) {
  switch (state) {
    case domain::kPending:
    case domain::kOpened:
    case domain::kCompleting:
      return "Not finished yet. Call handoffs.wait with this handoffId again; the user may still be busy with it.";
    case domain::kCompleted:
      return "Done.";
    case domain::kFailed:
      return "It failed. Tell the user, and offer to start again.";
    case domain::kDeclined:
      return "The user declined. Do not ask again unless the user wants you to.";
    case domain::kCancelled:
      return "It was cancelled. Nothing was changed.";
    case domain::kExpired:
      return "Nobody answered in time. This is not a denial: ask the user whether to try again, then start a new "
             "handoff.";
    case domain::kLocked:
      return "It is locked after too many wrong codes. Start a new handoff.";
  }
  return "";
}

std::string_view purpose_of(const domain::Handoff& handoff) {
  switch (handoff.kind) {
    case domain::HandoffKind::kLogin:
    case domain::HandoffKind::kSecretForm:
      return "to enter the credential there; never ask for it in this chat";
    case domain::HandoffKind::kConfirm:
      return "to confirm this change";
    case domain::HandoffKind::kOAuth:
      return "to connect the account there; the page leads to the provider and back";
    case domain::HandoffKind::kOAuthClient:
      return "to set it up there; never ask for a client secret in this chat";
  }
  return "";
}

std::string instructions_for(const domain::Handoff& handoff, domain::HandoffState state) {
  if (is_settled(state)) {
    return "This was asked for before with the same Idempotency-Key and is " +
           std::string(domain::kHandoffStateNames[state]) + ": do not give the URL to the user again. " +
           (state == domain::kCompleted ? "Call handoffs.get for its outcome."
                                        : next_step(state) + " A new one takes a new Idempotency-Key.");
  }
  const std::string purpose(purpose_of(handoff));
  return "Show this URL and the code " + handoff.user_code + " to the user verbatim and ask them " + purpose +
         ". Do not open the URL yourself. Then call handoffs.wait with the handoffId; while the status is pending, "
         "opened or completing, call it again. expired means nobody answered and is not a denial.";
}

// Whether its connection is what came of it; of a removal it is what it was about.
bool makes_connection(const domain::Handoff& handoff) {
  return handoff.kind == domain::HandoffKind::kSecretForm || handoff.kind == domain::HandoffKind::kOAuth ||
         handoff.action == domain::ConfirmAction::kCreateConnection ||
         handoff.action == domain::ConfirmAction::kReplaceConnection;
}

std::string handoff_text(const domain::Handoff& handoff, domain::HandoffState state,
                         const std::optional<domain::Connection>& connection) {
  std::string text = "The handoff is " + std::string(domain::kHandoffStateNames[state]) + ". ";
  if (state != domain::kCompleted) return text + next_step(state);
  if (!makes_connection(handoff)) return text + "The user confirmed the change and it was made.";
  if (!connection) return text + "The connection it made has been removed since.";
  return text + "The connection id is " + connection->id.text() + ".";
}

}  // namespace

long long seconds_until(Instant deadline, Instant now) {
  return std::max<long long>(0, std::chrono::ceil<std::chrono::seconds>(deadline - now).count());
}

std::string rfc3339(Instant at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[sizeof "2026-11-21T06:20:00Z"];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Answer minted_answer(const Services& services, const handoff::Minted& minted) {
  const domain::Handoff& handoff = minted.handoff;
  const Instant now = services.clock.now();
  const std::string& base = services.settings.public_url;
  const std::string id = handoff.id.text();
  const std::string url = base + "/h/" + minted.link_token;
  const auto state = state_at(handoff, now);
  const std::string instructions = instructions_for(handoff, state);
  Json body = {{"url", url},
               {"instructions", instructions},
               {"handoffId", id},
               {"status", domain::kHandoffStateNames[state]},
               {"userCode", handoff.user_code},
               {"pollUrl", base + "/v1/handoffs/" + id},
               {"expiresIn", is_settled(state) ? 0 : seconds_until(handoff.expires_at, now)},
               {"expiresAt", rfc3339(handoff.expires_at)},
               {"interval", kPollSeconds}};
  std::string text = is_settled(state)
                         ? instructions
                         : "URL for the user: " + url + "\nCode: " + handoff.user_code + "\n" + instructions;
  return {std::move(text), mcp::share(std::move(body))};
}

Answer handoff_answer(const Services& services, const domain::Handoff& handoff) {
  const Instant now = services.clock.now();
  const auto state = state_at(handoff, now);
  std::optional<domain::Connection> connection;
  if (state == domain::kCompleted) connection = services.handoffs.result_of(handoff);
  Json body = {{"handoffId", handoff.id.text()},
               {"kind", domain::kHandoffKindNames[handoff.kind]},
               {"status", domain::kHandoffStateNames[state]},
               {"integration", handoff.integration},
               {"userCode", handoff.user_code},
               {"expiresIn", is_settled(state) ? 0 : seconds_until(handoff.expires_at, now)},
               {"expiresAt", rfc3339(handoff.expires_at)},
               {"next", next_step(state)}};
  if (!is_settled(state)) body["interval"] = kPollSeconds;
  if (connection && makes_connection(handoff)) {
    body["connection"] = connection_view(services, *connection, Detail::kFull);
  }
  std::string text = handoff_text(handoff, state, connection);
  if (handoff.kind == domain::HandoffKind::kOAuth && state != domain::kPending) {
    const std::string problem = services.oauth_connect.look(handoff).flow.problem;
    if (!problem.empty()) body["problem"] = problem;
    if (!problem.empty()) text += " The provider's last answer: " + problem + ".";
  }
  return {std::move(text), mcp::share(std::move(body))};
}

ToolOutcome wait_for(const ToolCall& call, HandoffId id, std::chrono::seconds wait) {
  const domain::Handoff handoff = call.services.handoffs.get(call.asker, id);
  const Instant now = call.services.clock.now();
  if (wait == 0s || is_settled(state_at(handoff, now))) return handoff_answer(call.services, handoff);
  // A millisecond past the deadline, so that the last look finds it expired.
  const auto until_deadline = std::max(0ms, handoff.expires_at - now) + 1ms;
  return HeldAnswer{
      id.value(), std::min<std::chrono::milliseconds>(wait, until_deadline),
      [&services = call.services, asker = call.asker, id](http::Hold::Round round) -> std::optional<Answer> {
        const domain::Handoff current = services.handoffs.get(asker, id);
        const bool settled = is_settled(state_at(current, services.clock.now()));
        if (!settled && round == http::Hold::Round::kAgain) return std::nullopt;
        return handoff_answer(services, current);
      }};
}

Json integration_view(const domain::Integration& integration) {
  Json templates = Json::array();
  for (const domain::AuthTemplate& one : integration.templates) {
    Json secrets = Json::array();
    for (const domain::Field& field : one.fields) {
      if (field.sensitivity == domain::Sensitivity::kSecret) secrets.push_back(field.name);
    }
    templates.push_back({{"slug", one.slug},
                         {"kind", domain::kTemplateKindNames[one.kind]},
                         {"label", one.label},
                         {"secrets", std::move(secrets)}});
  }
  return {{"slug", integration.slug},
          {"name", integration.name},
          {"description", integration.description},
          {"templates", std::move(templates)}};
}

mcp::JsonPtr minted_schema() {
  return schema::Object()
      .required("url", schema::text("Show it to the user verbatim; do not open it", {.max = 2048}))
      .required("instructions", schema::text("What to do now", {.max = 2048}))
      .required("handoffId", schema::text("For handoffs.wait", {.max = 64}))
      .required("status", schema::text("Its state", {.max = 32}))
      .required("userCode", schema::text("The same code stands on the page; the user compares", {.max = 32}))
      .required("pollUrl", schema::text("The same over REST", {.max = 2048}))
      .required("expiresIn", schema::integer("Seconds left", {.min = 0, .max = 86'400}))
      .required("expiresAt", schema::text("RFC 3339", {.max = 32}))
      .required("interval", schema::integer("Seconds between polls without a wait", {.min = 1, .max = 60}))
      .open()
      .json();
}

mcp::JsonPtr handoff_schema() {
  return schema::Object()
      .required("handoffId", schema::text("Its id", {.max = 64}))
      .required("kind", schema::text("secret_form, oauth, oauth_client or confirm", {.max = 32}))
      .required("status", schema::one_of("pending, opened and completing are not final",
                                         {"pending", "opened", "completing", "completed", "failed", "declined",
                                          "cancelled", "expired", "locked"}))
      .required("integration", schema::text("Its slug", {.max = 64}))
      .required("userCode", schema::text("To compare", {.max = 32}))
      .required("expiresIn", schema::integer("Seconds left", {.min = 0, .max = 86'400}))
      .required("expiresAt", schema::text("RFC 3339", {.max = 32}))
      .required("next", schema::text("What to do now", {.max = 1024}))
      .optional("interval", schema::integer("Seconds between polls without a wait", {.min = 1, .max = 60}))
      .optional("connection", connection_schema())
      .optional("problem", schema::text("Why the last try at the provider did not work", {.max = 64}))
      .open()
      .json();
}

}  // namespace countersign::web
