#include "web/connection_health.h"

#include <algorithm>

#include "web/connect_words.h"
#include "web/connection_facts.h"
#include "web/times.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNameLimit = 100;
constexpr auto kSoon = 24h;  // a token that nobody can renew: time enough to connect it again

bool ends_for_good(const domain::OAuthAccount& account, Instant now) {
  return !account.refreshable && account.expires_at != Instant() && account.expires_at <= now + kSoon;
}

std::string_view renewal_words(const domain::OAuthAccount& account, bool working) {
  if (!working) return "; it is not renewed any more";
  return account.refreshable ? "; renewed by itself" : "; it cannot be renewed";
}

void show_token(const domain::OAuthAccount& account, bool working, Instant now, Values& values) {
  if (account.expires_at == Instant()) {
    values.set("TOKEN_ENDS", "The provider named no end");
  } else {
    const bool over = account.expires_at <= now;
    values.set("TOKEN_ENDS",
               (over ? "It ended " + ago(account.expires_at, now) : "Ends " + until(account.expires_at, now))
                   .append(renewal_words(account, working)));
  }
  if (account.refreshed_at != Instant()) values.set_if_any("RENEWED_AT", ago(account.refreshed_at, now));
}

void show_problem(const domain::OAuthAccount& account, const domain::Connection& connection, std::string_view service,
                  Instant now, Values& values) {
  if (account.problem.empty()) return;
  Values& problem = values.add("PROBLEM");
  const bool over = connection.state == domain::ConnectionState::kNeedsReauth;
  problem.set("PROBLEM_WHAT",
              over ? std::string(service) + " has to be connected again: " + oauth::reauth_cause(account.problem) + "."
                   : problem_words(account.problem, service).what_happened);
  problem.set("PROBLEM_CODE", account.problem, kNameLimit).set_if_any("SAID", account.problem_words);
  problem.set_if_any("NEXT_TRY", over || account.next_try_at == Instant() ? "" : until(account.next_try_at, now));
}

}  // namespace

Badge health_of(const domain::Connection& connection, const std::optional<domain::OAuthAccount>& account, Instant now) {
  if (connection.state != domain::ConnectionState::kActive || !account) return badge_of(connection.state);
  if (account->failures > 0) return {"warn", "Cannot be renewed right now"};
  if (ends_for_good(*account, now)) return {"warn", account->expires_at <= now ? "Ended" : "Ends soon"};
  return {"ok", "Healthy"};
}

void show_health(const Services& services, const domain::Connection& connection, Values& values) {
  const auto account = services.tokens.account(connection.workspace, connection.id);
  if (!account) return;
  const Instant now = services.clock.now();
  show_badge(health_of(connection, account, now), values);
  if (connection.state == domain::ConnectionState::kRevoked) return;
  const auto integration = services.catalog.find(connection.integration);
  const std::string service = service_name(integration.get(), connection.integration);
  Values& oauth = values.add("OAUTH");
  oauth.set_if_any("ACCOUNT_ID", account->account_id);
  for (const std::string& scope : account->granted) oauth.add("GRANTED").set("SCOPE", scope, kNameLimit);
  oauth.show_either(account->granted.empty(), "NOTHING_SAID");
  for (const std::string& scope : account->asked) {
    const auto& granted = account->granted;
    if (std::find(granted.begin(), granted.end(), scope) == granted.end()) {
      oauth.add("NOT_GRANTED").set("SCOPE", scope, kNameLimit);
    }
  }
  const bool working = connection.state != domain::ConnectionState::kNeedsReauth;
  show_token(*account, working, now, oauth);
  show_problem(*account, connection, service, now, values);
  values.add("RECONNECT").show_either(!working, "NEEDED", "WISHED");
  values.show_either(working && account->refreshable, "RENEW");
}

void show_unconfirmed(const Services& services, const domain::Acting& acting, Values& values) {
  const auto open = services.revoker.open(acting);
  if (open.empty()) return;
  Values& list = values.add("UNCONFIRMED");
  const Instant now = services.clock.now();
  for (const auto& [connection, revocation] : open) {
    const auto integration = services.catalog.find(connection.integration);
    Values& row = list.add("REVOCATION").set("NAME", connection.name, kNameLimit);
    row.set("SERVICE", service_name(integration.get(), connection.integration)).set("ID", connection.id.text());
    row.set("TRIES", revocation.attempts == 1 ? "once" : std::to_string(revocation.attempts) + " times")
        .set("NEXT", until(revocation.due_at, now));
    row.set_if_any("PROBLEM_CODE", revocation.problem);
  }
}

}  // namespace countersign::web
