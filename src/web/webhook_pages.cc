// A webhook connection as its people see it: the last deliveries, the signing secret once it is asked for, and a
// delivery of ours to try out the address that they named.
#include "web/webhook_pages.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "web/act_page.h"
#include "web/badge.h"
#include "web/connection_facts.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/show_once.h"
#include "web/step_up.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kBodyShown = 300;
constexpr std::size_t kTypeShown = 100;
constexpr std::size_t kShown = 50;

std::string path_of(const domain::Connection& connection, std::string_view rest = {}) {
  return "/connections/" + connection.id.text() + std::string(rest);
}

// --- what came in ---

Badge badge_of(domain::DeliveryVerdict verdict) {
  switch (verdict) {
    case domain::DeliveryVerdict::kAccepted:
      return {"ok", "Accepted"};
    case domain::DeliveryVerdict::kRepeated:
      return {"off", "Repeated"};
    case domain::DeliveryVerdict::kBadSignature:
      return {"bad", "Wrong signature"};
    case domain::DeliveryVerdict::kStale:
      return {"warn", "Too old"};
    case domain::DeliveryVerdict::kMalformed:
      return {"bad", "Not understood"};
  }
  return {};
}

void show_deliveries(const std::vector<domain::WebhookDelivery>& deliveries, Instant now, Values& values) {
  values.show_either(deliveries.empty(), "NOTHING_CAME", "SOME_CAME");
  for (std::size_t i = 0; i < deliveries.size() && i < kShown; ++i) {
    const domain::WebhookDelivery& one = deliveries[i];
    Values& row = values.add("DELIVERY").set("CAME", ago(one.received_at, now));
    show_badge(badge_of(one.verdict), row);
    row.set("SIZE", std::to_string(one.size)).set_if_any("TYPE", one.content_type.substr(0, kTypeShown));
    row.set("BODY", one.body, kBodyShown).show_either(one.body.empty(), "NO_BODY", "HAS_BODY");
  }
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + (count == 1 ? " delivery " : " deliveries ") + std::string(what);
}

// A line for each kind: "3 deliveries with a wrong signature".
void show_turned(const webhook::Turned& turned, Instant now, Values& values) {
  const std::array<std::pair<std::size_t, std::string_view>, 4> kinds{
      {{turned.bad_signature, "with a wrong signature"},
       {turned.stale, "whose time is more than five minutes from ours"},
       {turned.malformed, "without the headers that a signature needs"},
       {turned.repeated, "that had come before"}}};
  if (turned.last_at == Instant()) return;
  Values& list = values.add("TURNED").set("TURNED_LAST", ago(turned.last_at, now));
  for (const auto& [count, what] : kinds) {
    if (count > 0) list.add("KIND").set("KIND_WORDS", counted(count, what));
  }
}

// --- what became of a delivery of ours ---

constexpr std::string_view kNothingSent = "Nothing was sent: ";
constexpr std::array<DoneNote, 9> kTestNotes{{
    {"upstream_address_refused",
     "the address leads to a place that is not public. An operator can admit it (outbound.allowed)."},
    {"upstream_unreachable", "nobody answers there."},
    {"upstream_tls", "the certificate there is not trusted."},
    {"bad_upstream_url", "the address is none that may be called."},
    {"outbound_busy", "too many requests are on their way. Try again in a moment."},
    {"upstream_timeout", "It was sent, but no answer came in time."},
    {"upstream_lost", "It was sent, but the connection broke before an answer came."},
    {"upstream_malformed", "It was sent; the answer was not one of HTTP."},
    {"upstream_too_large", "It was sent; the answer was too large to be read."},
}};

const DoneNote* test_note(std::string_view word) {
  const auto* found =
      std::find_if(kTestNotes.begin(), kTestNotes.end(), [&](const DoneNote& note) { return note.word == word; });
  return found == kTestNotes.end() ? nullptr : found;
}

// Only words of ours and a number can be shown by an address that somebody made up.
std::string test_words(std::string_view sent) {
  if (const DoneNote* note = test_note(sent)) {
    const bool was_sent = note->sentence.starts_with("It was sent");
    return (was_sent ? "" : std::string(kNothingSent)) + std::string(note->sentence);
  }
  const auto status = parse_number(sent);
  if (!status || *status < 200 || *status > 599) return {};
  const std::string answered = "The test delivery was answered with status " + std::to_string(*status) + ": ";
  return answered + (*status < 300 ? "it was taken." : "by the rules of webhooks that means it was not taken.");
}

void show_test(const http::Call& call, const domain::Connection& connection, Values& values) {
  Values& test = values.add("TEST").set("TARGET", connection.base_url, 300);
  const std::string_view sent = query_text(call, "sent");
  const std::string words = test_words(sent);
  if (words.empty()) return;
  test.add(sent.starts_with('2') ? "TEST_TAKEN" : "TEST_FAILED").set("TEST_WORDS", words);
}

// --- the signing secret ---

ConnectionId parse_id(std::string_view text) {
  if (const auto id = ConnectionId::parse(text)) return *id;
  throw Error(ErrorCode::kNotFound, "unknown_connection", "There is no such connection.");
}

domain::Connection webhook_of(const Services& services, const http::Call& call) {
  auto connection = services.connections.get(acting_of(call.caller), parse_id(call.path_params.at("id")));
  if (services.webhooks.spec_of(connection)) return connection;
  throw Error(ErrorCode::kNotFound, "unknown_connection", "There is no such webhook.");
}

bool may_manage(const domain::Connection& connection, const domain::Acting& acting) {
  return connection.owner.kind == domain::OwnerKind::kUser || acting.role == domain::Role::kAdmin;
}

Act show_act(const domain::Connection& connection) {
  Act act;
  act.section = Section::kConnections;
  act.verb = "Show the signing secret of";
  act.object = connection.name;
  act.lead = "It stands on the next page alone. Whoever has it can send deliveries that look genuine.";
  act.effects = {"The audit record says that it was shown, when, and to whom.",
                 "A secret that was typed in is not shown: only one that was made here."};
  act.path = path_of(connection, "/signing-secret");
  act.back_path = path_of(connection);
  act.back_text = "Back to the connection";
  act.stay = "Leave it covered";
  return act;
}

http::Response ask_secret(const Services& services, http::Call& call) {
  return ask(services, call, show_act(webhook_of(services, call)));
}

http::Response show_secret(const Services& services, http::Call& call) {
  const auto connection = webhook_of(services, call);
  Secret secret;
  auto refused = carry_out(services, call, show_act(connection), [&](const domain::Acting& acting) {
    secret = services.webhooks.reveal_for(acting, connection.id);
  });
  if (refused) return std::move(*refused);
  Page page(services, call, Section::kConnections);
  Values& values = page.content("signing_secret.html", "The signing secret");
  const auto integration = services.catalog.find(connection.integration);
  values.set("CONNECTION", connection.name, kTypeShown).set("CONNECTION_PATH", path_of(connection));
  values.set("SERVICE", service_name(integration.get(), connection.integration));
  values.set("ADDRESS", services.webhooks.address_of(connection));
  return with_secret_shown(page.answer(), secret);
}

http::Response send_test(const Services& services, http::Call& call) {
  const auto connection = webhook_of(services, call);
  std::string sent;
  try {
    sent = std::to_string(services.webhooks.send_test(acting_of(call.caller), connection.id));
  } catch (const Error& error) {
    if (!test_note(error.reason())) throw;
    sent = error.reason();
  }
  return http::see_other(path_of(connection, "?sent=" + sent));
}

}  // namespace

bool show_address(const Services& services, const domain::Connection& connection, Values& values) {
  const std::string address = services.webhooks.address_of(connection);
  if (address.empty()) return false;
  Values& webhook = values.add("WEBHOOK").set("ADDRESS", address);
  webhook.show_either(services.webhooks.secret_made_here(connection), "MADE_HERE", "TYPED_IN");
  return true;
}

void show_webhook(const Services& services, const http::Call& call, const domain::Connection& connection,
                  Values& values) {
  const auto spec = services.webhooks.spec_of(connection);
  if (!spec) return;
  const domain::Acting acting = acting_of(call.caller);
  const Instant now = services.clock.now();
  Values& part = values.add("WEBHOOK").include("DELIVERIES", "webhook.html");
  part.set("CONNECTION_ID", connection.id.text()).set("ADDRESS", services.webhooks.address_of(connection));
  part.set("SERVICE", service_name(services.catalog.find(connection.integration).get(), connection.integration));
  part.set_if_any("HELP_URL", spec->help_url);
  show_deliveries(services.webhooks.deliveries(acting, connection.id), now, part);
  show_turned(services.webhooks.turned(acting, connection.id), now, part);
  if (!may_manage(connection, acting)) return;
  part.show("MANAGED").show_either(services.webhooks.secret_made_here(connection), "MADE_HERE", "TYPED_IN");
  if (services.webhooks.sends(connection)) show_test(call, connection, part);
}

void add_webhook_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/connections/{id}/signing-secret", Access::kBrowser, ask_secret});
  add_page(router, services,
           {Method::kPost,
            "/connections/{id}/signing-secret",
            Access::kBrowserForm,
            show_secret,
            {std::string(kStepUpField)}});
  add_page(router, services, {Method::kPost, "/connections/{id}/test-delivery", Access::kBrowserForm, send_test});
}

}  // namespace countersign::web
