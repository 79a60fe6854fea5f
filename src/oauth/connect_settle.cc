// From the tokens that came to the connection they make: whose account it is, one transaction, or everything undone.
#include <algorithm>

#include "base/encoding.h"
#include "handoff/base_url.h"
#include "handoff/new_connection.h"
#include "handoff/rules.h"
#include "oauth/client_rules.h"
#include "oauth/connect_parts.h"
#include "vault/placement.h"

namespace countersign::oauth {
namespace {

constexpr std::string_view kAccessToken = "access_token";
constexpr std::string_view kRefreshToken = "refresh_token";
constexpr std::string_view kWrongAccount = "wrong_account";
constexpr std::string_view kAccountUnknown = "account_unknown";
constexpr std::string_view kOtherServer = "other_server";
constexpr int kMostRaces = 3;  // with a refresh that was faster

handoff::Opener subject_of(const domain::Handoff& handoff) { return {handoff.workspace, handoff.subject, {}, {}}; }

bool holds(const std::vector<std::string>& scopes, std::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

vault::Fields tokens_of(const TokenAnswer& answer) {
  vault::Fields tokens;
  tokens.emplace(kAccessToken, Secret::copy_of(answer.access_token.reveal()));
  if (!answer.refresh_token.empty()) tokens.emplace(kRefreshToken, Secret::copy_of(answer.refresh_token.reveal()));
  return tokens;
}

domain::OAuthAccount account_row(const domain::OAuthFlow& flow, const Target& target, const TokenAnswer& answer,
                                 Instant now) {
  const auto lifetime = answer.lifetime.value_or(target.spec.lifetime);
  domain::OAuthAccount row;
  row.workspace = flow.workspace;
  row.client = flow.client;
  row.issuer = issuer_of(target.server);
  row.asked = flow.scopes;
  row.granted = flow.scopes;  // RFC 6749 section 5.1: as asked when nothing is said
  row.resource = resource_of(target.client.client, target.spec);
  if (lifetime.count() > 0) row.expires_at = now + lifetime;
  row.refreshable = !answer.refresh_token.empty();
  row.granted = granted_by(answer.scopes, row);
  row.refreshed_at = now;
  return row;
}

domain::AuditEvent saved_event(const domain::Connection& connection, const domain::OAuthAccount& account,
                               const domain::Handoff& handoff, std::span<const domain::SealedField> sealed,
                               std::string_view action) {
  domain::AuditEvent event;
  event.workspace = connection.workspace;
  event.at = connection.updated_at;
  event.actor = domain::Actor::person(handoff.subject);
  event.action = action;
  event.object = connection.id.text();
  event.facts = vault::seal_facts(sealed);
  event.facts.emplace_back("integration", connection.integration);
  event.facts.emplace_back("handoff", handoff.id.text());
  event.facts.emplace_back("client", account.client.text());
  event.facts.emplace_back("issuer", account.issuer);
  event.facts.emplace_back("granted", std::to_string(account.granted.size()));
  event.facts.emplace_back("shortfall", std::to_string(shortfall(account.asked, account.granted)));
  event.note = connection.name;
  return event;
}

// Where calls go: as the person or the provider said, or with the labels that somebody has filled in.
std::string base_url_of(const domain::Integration& integration, const domain::AuthTemplate& form,
                        domain::Parameters& plain_fields, const TokenAnswer& answer) {
  const auto typed = std::find_if(plain_fields.begin(), plain_fields.end(),
                                  [](const auto& field) { return field.first == handoff::kBaseUrlField; });
  std::string base_url = typed == plain_fields.end() ? "" : typed->second;
  if (typed != plain_fields.end()) plain_fields.erase(typed);
  if (!answer.base_url.empty()) return answer.base_url;
  const bool has_labels = std::any_of(integration.base_urls.begin(), integration.base_urls.end(),
                                      [](const auto& url) { return url.find('{') != std::string::npos; });
  return has_labels ? vault::base_url_for(integration, form, plain_fields) : base_url;
}

// Who signed in is not for another try to decide: the provider, or somebody between, is wrong about it.
bool may_work_later(const Error& error) {
  return error.retryable() && error.reason() != "bad_id_token" && error.reason() != "account_mismatch";
}

// An account's id means something at its own server alone: whoever runs another one can give out the same ids. That a
// server has got an issuer since, where its token endpoint had to stand for it, is no move.
bool is_at(const domain::OAuthAccount& account, const domain::OAuthServer& server) {
  return account.issuer == server.issuer || account.issuer == server.token_endpoint;
}

// What the provider says of it, if only its id; the agent's words for it are a wish.
std::string identity_of(const Account& account, const domain::OAuthFlow& flow) {
  if (!account.label.empty()) return account.label;
  return account.id.empty() ? flow.identity_label : cut(account.id, kLongestLabel);
}

Error connection_gone() {
  return Error(ErrorCode::kConflict, "connection_revoked",
               "The connection that was to be connected again was removed meanwhile, or another credential has taken "
               "its place.");
}

}  // namespace

void Connect::settle(store::Transaction& tx, const domain::Handoff& handoff, domain::HandoffState to,
                     std::string_view problem, std::string_view words, Instant now) {
  const bool failed = to == domain::kFailed;
  auto event =
      handoff::event_for(handoff, domain::Actor::system(), failed ? "handoff.failed" : "handoff.reopened", now);
  event.facts.emplace_back("reason", problem);
  handoff::step(tx, handoff, domain::kCompleting, to, {.now = now}, event);
  tx.oauth_flows().settle(handoff.workspace, handoff.id, problem, cut(words, kLongestWords));
}

void Connect::settle(const domain::Handoff& handoff, domain::HandoffState to, std::string_view problem,
                     std::string_view words) const {
  const Instant now = parts_.clock.now();
  parts_.store.transact([&](store::Transaction& tx) { settle(tx, handoff, to, problem, words, now); });
}

// Facts section 6. What only an admin can mend has the standard's own word (`invalid_client`, `invalid_target`, …),
// by which the page says so.
void Connect::take_refusal(const domain::Handoff& handoff, const TokenRefusal& refusal) const {
  const bool passing = refusal.kind == TokenRefusal::Kind::kPassing;
  const std::string problem = refusal.error.empty() ? "bad_answer" : refusal.error;
  settle(handoff, passing ? domain::kOpened : domain::kFailed, problem, refusal.words);
}

// What may work a moment later leaves it open; the code is gone either way.
void Connect::give_up(const domain::Handoff& handoff, const Error& error) const {
  settle(handoff, may_work_later(error) ? domain::kOpened : domain::kFailed, error.reason(), {});
  if (error.code() == ErrorCode::kInternal) throw Error(error);
}

void Connect::take(const Step& step, const Target& target, const Grant& grant) const {
  try {
    Account account = account_of(step, target, grant);
    account.label = cut(account.label, kLongestLabel);
    if (const auto problem = problem_with(step, target.server, account); !problem.empty()) {
      settle(step.handoff, domain::kOpened, problem, account.label);
      if (problem != kAccountUnknown) revoke(target, grant.tokens);
      return;
    }
    save(step, target, grant, account);
  } catch (const Error&) {
    // They are stored nowhere, so nobody could ever do it later.
    if (!stays(step)) revoke(target, grant.tokens);
    throw;
  }
}

// Of the same account, what works now would at many providers end with any token of it.
bool Connect::stays(const Step& step) const {
  if (!step.flow.reconnects.valid()) return false;
  const auto connection = parts_.store.read(
      [&](const store::Snapshot& now) { return now.connections().find(step.handoff.workspace, step.flow.reconnects); });
  return connection && connection->state != domain::ConnectionState::kRevoked;
}

Account Connect::account_of(const Step& step, const Target& target, const Grant& grant) const {
  const TokenAnswer& answer = grant.tokens;
  switch (step.spec.account.from) {
    case domain::AccountFrom::kNowhere:
      return {};
    case domain::AccountFrom::kTokenAnswer:
      return {answer.account_id, answer.account_label};
    case domain::AccountFrom::kRequest:
      return calls_.account(target, answer.access_token, grant.plain_fields);
    case domain::AccountFrom::kIdToken:
      return account_by_id_token(step, target, grant);
  }
  return {};
}

Account Connect::account_by_id_token(const Step& step, const Target& target, const Grant& grant) const {
  const TokenAnswer& answer = grant.tokens;
  if (answer.id_token.empty()) {
    if (grant.nonce.empty()) return {};  // `openid` was not asked for
    throw Error(ErrorCode::kUpstream, "bad_id_token", "The provider did not say who signed in.", "no ID token came");
  }
  Account account = id_tokens_.check(answer.id_token, target.server, step.spec.account,
                                     {target.server.issuer, step.client.client_id, grant.nonce.reveal()});
  if (target.server.userinfo_endpoint.empty() || !holds(answer.scopes.value_or(step.flow.scopes), "openid")) {
    return account;
  }
  const Account info = calls_.userinfo(target, answer.access_token);
  // OpenID Connect Core section 5.3.2: else it may be a token of somebody else's that was slipped in.
  if (!info.id.empty() && info.id != account.id) {
    throw Error(ErrorCode::kUpstream, "account_mismatch", "The provider names two different accounts.");
  }
  if (account.label.empty()) account.label = info.label;
  return account;
}

// Empty: it is the one that is to be connected again, as far as that can be told. Where the account was known, a
// provider that does not name it this time proves nothing: it would be anybody's from then on.
std::string_view Connect::problem_with(const Step& step, const domain::OAuthServer& server,
                                       const Account& account) const {
  if (!step.flow.reconnects.valid()) return {};
  const auto known = parts_.store.read([&](const store::Snapshot& now) {
    return now.oauth_accounts().find(step.handoff.workspace, step.flow.reconnects);
  });
  if (known && !is_at(*known, server)) return kOtherServer;
  if (!known || known->account_id.empty() || known->account_id == account.id) return {};
  if (!account.id.empty()) return kWrongAccount;
  return step.spec.account.from == domain::AccountFrom::kNowhere ? std::string_view() : kAccountUnknown;
}

void Connect::save(const Step& step, const Target& target, const Grant& grant, const Account& account) const {
  const Instant now = parts_.clock.now();
  auto row = account_row(step.flow, target, grant.tokens, now);
  row.account_id = account.id;
  auto plain_fields = grant.plain_fields;
  plain_fields.insert(plain_fields.end(), grant.tokens.kept.begin(), grant.tokens.kept.end());

  auto connection = handoff::connection_for(step.handoff, step.flow.reconnects, now);
  connection.name = step.flow.name;
  connection.identity_label = identity_of(account, step.flow);
  connection.base_url = base_url_of(*step.integration, *step.form, plain_fields, grant.tokens);
  connection.plain_fields = std::move(plain_fields);
  const auto tokens = tokens_of(grant.tokens);
  if (!step.flow.reconnects.valid()) return save_new(step, std::move(connection), std::move(row), tokens);
  for (int race = 0; race < kMostRaces; ++race) {
    if (save_again(step, connection, row, tokens)) return;
  }
  throw connection_gone();
}

void Connect::save_new(const Step& step, domain::Connection connection, domain::OAuthAccount account,
                       const vault::Fields& tokens) const {
  const domain::Handoff& handoff = step.handoff;
  connection.id = parts_.ids.next<ConnectionId>();
  account.connection = connection.id;
  const auto sealed = parts_.vault.seal(connection, tokens);
  parts_.store.transact([&](store::Transaction& tx) {
    domain::Connection named = connection;
    named.name = handoff::free_name(tx.connections(), connection);
    tx.connections().insert(named, sealed, saved_event(named, account, handoff, sealed, "connection.created"));
    tx.oauth_accounts().insert(account);
    complete(tx, handoff, named.id);
  });
}

// False when a refresh was faster: its version is the one to go on from.
bool Connect::save_again(const Step& step, const domain::Connection& wanted, domain::OAuthAccount account,
                         const vault::Fields& tokens) const {
  const domain::Handoff& handoff = step.handoff;
  const auto [stored, known] = parts_.store.read([&](const store::Snapshot& now) {
    return std::pair(now.connections().find(wanted.workspace, wanted.id),
                     now.oauth_accounts().find(wanted.workspace, wanted.id));
  });
  if (!stored || !known || stored->state == domain::ConnectionState::kRevoked) throw connection_gone();
  const bool both_known = !known->account_id.empty() && !account.account_id.empty();
  if (both_known && known->account_id != account.account_id) throw connection_gone();  // another tab was faster
  domain::Connection connection = wanted;
  connection.name = stored->name;
  connection.created_by = stored->created_by;
  connection.created_at = stored->created_at;
  account.connection = connection.id;
  account.version = known->version + 1;
  const auto sealed = parts_.vault.seal(connection, tokens, account.version);
  const auto event = saved_event(connection, account, handoff, sealed, "connection.reconnected");
  return parts_.store.transact([&](store::Transaction& tx) {
    if (!tx.oauth_accounts().reconnect(connection, account, sealed, event)) return false;
    complete(tx, handoff, connection.id);
    return true;
  });
}

void Connect::complete(store::Transaction& tx, const domain::Handoff& handoff, ConnectionId connection) const {
  handoff::settle(tx, handoff, subject_of(handoff), connection, parts_.clock.now());
  tx.oauth_flows().settle(handoff.workspace, handoff.id, {}, {});
}

// Best effort, and after the transaction: what could not be revoked ends by itself, or never worked.
void Connect::revoke(const Target& target, const TokenAnswer& tokens) const {
  try {
    const bool both = target.spec.revocation == domain::RevocationStyle::kRfc7009 && !tokens.refresh_token.empty();
    if (both) calls_.revoke(target, tokens.refresh_token, kRefreshToken);
    calls_.revoke(target, tokens.access_token, kAccessToken);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
  }
}

}  // namespace countersign::oauth
