// The provider's redirect (facts B1 to B8). Whatever it says is looked at only once it is sure that this very browser
// left with this very state.
#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/rules.h"
#include "oauth/client_rules.h"
#include "oauth/connect_parts.h"

namespace countersign::oauth {
namespace {

constexpr std::size_t kLongestError = 64;

Error bad_state() {
  return Error(ErrorCode::kInvalidArgument, "bad_state",
               "This address does not belong to anything that was started here. Nothing was connected. Go back to the "
               "link you were given and start there.");
}
Error state_used() {
  return Error(ErrorCode::kConflict, "state_used",
               "This answer of the provider was used already, or a newer attempt has taken its place. Open the link "
               "you were given to see how it stands.");
}
Error state_expired() {
  return Error(ErrorCode::kConflict, "state_expired",
               "This took longer than ten minutes, so nothing was connected. Open the link you were given, or let the "
               "agent ask again.");
}
Error other_browser() {
  return Error(ErrorCode::kPermissionDenied, "other_browser",
               "This was started in another browser. Nothing was connected. Open the link in this browser and start "
               "again.");
}

// Absent and empty are the same: no parameter of a callback means anything when it is empty.
std::string_view value_of(const Callback& callback, std::string_view name) {
  const auto found = callback.query.find(name);
  return found == callback.query.end() ? std::string_view() : std::string_view(found->second);
}

bool is_same(std::string_view a, std::string_view b) { return crypto::equal(as_bytes(a), as_bytes(b)); }

// RFC 9207 section 2.4 and facts B1, B2: byte for byte. Where no issuer is known there is nothing to compare with; the
// redirect URI, which no other server has, is the defence there (RFC 9700 section 4.4.2).
bool is_right_issuer(const domain::OAuthServer& server, const Callback& callback) {
  if (!callback.query.contains("iss")) return !server.iss_in_callback;
  return server.issuer.empty() || value_of(callback, "iss") == server.issuer;
}

bool is_error_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}
std::string error_code(std::string_view error) {
  const bool good = error.size() <= kLongestError && std::all_of(error.begin(), error.end(), is_error_character);
  return good ? std::string(error) : "unknown_error";
}

}  // namespace

Connect::Arrival Connect::arrival_of(const Callback& callback) const {
  const std::string_view state = value_of(callback, "state");
  const auto id = verify_state(parts_.keys, state);
  if (!id) throw bad_state();
  auto [handoff, flow] = parts_.store.read([&](const store::Snapshot& now) {
    return std::pair(now.handoffs().find(parts_.workspace, *id), now.oauth_flows().find(parts_.workspace, *id));
  });
  if (!handoff || !flow || handoff->kind != domain::HandoffKind::kOAuth) throw bad_state();
  // Abuse case 25: the answer of one provider at the door of another.
  if (callback.client != flow->client.text()) throw bad_state();
  // RFC 6819 section 4.4.1.8 and facts B4: the one that is out, once.
  if (!is_same(state_hash(parts_.keys, state), flow->state_hash)) throw state_used();
  const Instant now = parts_.clock.now();
  if (flow->state_until <= now || handoff->expires_at <= now) throw state_expired();
  check_browser(*handoff, *flow, callback);
  if (handoff->state != domain::kOpened) throw handoff::state_conflict(handoff->state);
  return {std::move(*handoff), std::move(*flow)};
}

// Facts A4: whoever was talked into opening the address that somebody else's sign-in ended at.
void Connect::check_browser(const domain::Handoff& handoff, const domain::OAuthFlow& flow,
                            const Callback& callback) const {
  const Secret proof = callback.browser_proof(handoff.id);
  if (!proof.empty() && is_same(browser_hash(parts_.keys, proof), flow.browser_hash)) return;
  if (strangers_->note(handoff.id)) {
    auto event = handoff::event_for(handoff, domain::Actor::anonymous(), "handoff.refused", parts_.clock.now());
    event.facts.emplace_back("reason", "other_browser");
    parts_.store.transact([&](store::Transaction& tx) { tx.audit().record(event); });
  }
  throw other_browser();
}

Landed Connect::land(const Callback& callback) const {
  const Arrival arrival = arrival_of(callback);
  const std::string_view error = value_of(callback, "error");
  const std::string_view words = value_of(callback, "error_description");
  if (!is_right_issuer(arrival.flow.server, callback)) {
    end(arrival, "issuer_mismatch", {});  // facts B3: and nothing of the callback is kept
  } else if (error == "access_denied") {
    decline(arrival, words);
  } else if (!error.empty()) {
    end(arrival, error_code(error), words);
  } else if (value_of(callback, "code").empty()) {
    end(arrival, "no_code", {});
  } else {
    redeem(arrival, callback);
  }
  return {arrival.handoff.id, parts_.handoffs.link_of(arrival.handoff.id)};
}

// The state is used up with the claim, whatever becomes of the code (facts B4).
void Connect::claim(store::Transaction& tx, const Arrival& arrival, Instant now) const {
  const domain::Handoff& handoff = arrival.handoff;
  check_subject(tx, handoff);
  auto event = handoff::event_for(handoff, domain::Actor::person(handoff.subject), "handoff.claimed", now);
  event.facts.emplace_back("client", arrival.flow.client.text());
  handoff::step(tx, handoff, domain::kOpened, domain::kCompleting, {.now = now}, event);
  if (!tx.oauth_flows().claim(handoff.workspace, handoff.id, arrival.flow.state_hash, now, now + kClaimLease)) {
    throw state_used();
  }
}

// The account may have been disabled, or be no admin's any more, while its owner was away at the provider.
void Connect::check_subject(store::Transaction& tx, const domain::Handoff& handoff) {
  const auto person = tx.people().find(handoff.workspace, handoff.subject);
  if (!person || person->disabled) throw handoff::refused(handoff::Refusal::kNotYours);
  const handoff::Opener opener{handoff.workspace, person->id, person->role, {}};
  if (const auto refusal = handoff::refusal_of(handoff, opener)) throw handoff::refused(*refusal);
}

// Claimed and over in one transaction: nothing is sent anywhere.
void Connect::end(const Arrival& arrival, std::string_view problem, std::string_view words) const {
  const Instant now = parts_.clock.now();
  parts_.store.transact([&](store::Transaction& tx) {
    claim(tx, arrival, now);
    settle(tx, arrival.handoff, domain::kFailed, problem, words, now);
  });
}

void Connect::decline(const Arrival& arrival, std::string_view words) const {
  const domain::Handoff& handoff = arrival.handoff;
  const Instant now = parts_.clock.now();
  auto event = handoff::event_for(handoff, domain::Actor::person(handoff.subject), "handoff.declined", now);
  event.facts.emplace_back("where", "provider");
  parts_.store.transact([&](store::Transaction& tx) {
    handoff::step(tx, handoff, domain::kOpened, domain::kDeclined, {.now = now}, event);
    if (!tx.oauth_flows().claim(handoff.workspace, handoff.id, arrival.flow.state_hash, now, now)) throw state_used();
    tx.oauth_flows().settle(handoff.workspace, handoff.id, "access_denied", cut(words, kLongestWords));
  });
}

void Connect::redeem(const Arrival& arrival, const Callback& callback) const {
  parts_.store.transact([&](store::Transaction& tx) { claim(tx, arrival, parts_.clock.now()); });
  const domain::Handoff& handoff = arrival.handoff;
  try {
    const Step step = step_of(handoff, arrival.flow);
    const auto secrets = unsealed(parts_.seals, arrival.flow);
    // Facts B5: the server of this transaction, as it was when the person left for it.
    const auto opened = clients_.open(step.client);
    const Target target{arrival.flow.server, step.spec, opened};
    const bool with_pkce = step.spec.pkce != domain::Pkce::kNotSent;
    CodeGrant code{Secret::copy_of(value_of(callback, "code")),
                   with_pkce ? Secret::copy_of(secrets.verifier.reveal()) : Secret(),
                   clients_.redirect_uri(step.client.id)};
    const auto result = calls_.redeem(target, code, resource_of(step.client, step.spec));
    if (const auto* refusal = std::get_if<TokenRefusal>(&result)) return take_refusal(handoff, *refusal);
    Grant grant{std::get<TokenAnswer>(result), secrets.nonce, arrival.flow.plain_fields};
    for (auto& kept : kept_of(step.spec.keep_callback, callback.query)) grant.plain_fields.push_back(std::move(kept));
    take(step, target, grant);
  } catch (const Error& error) {
    // Of what was asked of a provider nothing is thrown: this is a client that went away, or a defect of ours.
    give_up(handoff, error);
  }
}

domain::Parameters kept_of(const std::vector<domain::KeptValue>& wanted,
                           const std::map<std::string, std::string, std::less<>>& query) {
  constexpr std::size_t kLongest = 256;
  domain::Parameters kept;
  for (const domain::KeptValue& value : wanted) {
    const auto found = query.find(value.from);
    if (found == query.end() || found->second.empty() || found->second.size() > kLongest) continue;
    const bool visible =
        std::all_of(found->second.begin(), found->second.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (visible) kept.emplace_back(value.field, found->second);
  }
  return kept;
}

}  // namespace countersign::oauth
