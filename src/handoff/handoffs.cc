#include "handoff/handoffs.h"

#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/mac.h"
#include "handoff/rules.h"
#include "store/store.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view kLinkPurpose = "handoff link 1";

// RFC 8628 section 6.1: no vowels, so no words; 20^8 is enough to tell two hands apart, it is no secret.
constexpr std::string_view kCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kCodeLength = 8;

constexpr std::size_t kIdDigits = 13;

crypto::Mac link_mac(const crypto::KeyRing& keys, std::string_view digits) {
  return crypto::mac(keys.key(crypto::KeyPurpose::kLink), {kLinkPurpose, digits});
}

std::string digits_of(HandoffId id) { return id.text().substr(HandoffTag::kPrefix.size() + 1); }

}  // namespace

Handoffs::Handoffs(store::Store& store, const catalog::Catalog& catalog, const vault::Vault& vault,
                   const crypto::KeyRing& keys, const Clock& clock, Random& random, IdSource& ids)
    : store_(store),
      catalog_(catalog),
      vault_(vault),
      keys_(keys),
      clock_(clock),
      random_(random),
      ids_(ids),
      refusals_(std::make_unique<RefusalRecord>()) {}

Handoffs::~Handoffs() = default;

domain::Handoff Handoffs::get(const Asker& asker, HandoffId id) const {
  auto found = store_.read([&](const store::Snapshot& now) { return now.handoffs().find(asker.workspace, id); });
  if (!found || found->agent != asker.agent) throw no_such_handoff();
  return std::move(*found);
}

domain::Handoff Handoffs::cancel(const Asker& asker, HandoffId id) const {
  domain::Handoff handoff = get(asker, id);
  const Instant now = clock_.now();
  if (state_at(handoff, now) == domain::kCancelled) return handoff;  // asked twice: the same answer
  end_open(store_, handoff, domain::kCancelled, {.now = now},
           event_for(handoff, domain::Actor::agent(asker.agent), "handoff.cancelled", now));
  return get(asker, id);
}

std::optional<domain::Connection> Handoffs::result_of(const domain::Handoff& handoff) const {
  if (!handoff.connection.valid()) return std::nullopt;
  return store_.read(
      [&](const store::Snapshot& now) { return now.connections().find(handoff.workspace, handoff.connection); });
}

Minted Handoffs::insert(domain::Handoff handoff, const Asker& asker, std::string_view digest) const {
  handoff.id = ids_.next<HandoffId>();
  handoff.workspace = asker.workspace;
  handoff.agent = asker.agent;
  handoff.user_code = new_user_code();
  handoff.request_digest = digest;
  handoff.created_at = clock_.now();
  handoff.expires_at = handoff.created_at + domain::kHandoffLifetime;
  auto event = event_for(handoff, domain::Actor::agent(asker.agent), "handoff.created", handoff.created_at);
  event.facts.emplace_back("kind", domain::kHandoffKindNames[handoff.kind]);
  event.facts.emplace_back("integration", handoff.integration);
  event.facts.emplace_back("owner", domain::kOwnerNames[handoff.owner.kind]);
  event.note = handoff.label;
  store_.transact([&](store::Transaction& tx) {
    // Revoked since it was let in: what it asks for now would outlive the sweep of its requests.
    const auto agent = tx.agents().find(asker.agent);
    if (!agent || agent->revoked_at != Instant()) {
      throw Error(ErrorCode::kUnauthenticated, "bad_token", "This token is not valid (any more).");
    }
    tx.handoffs().insert(handoff, event);
  });
  std::string token = link_token(handoff.id);
  return {std::move(handoff), std::move(token)};
}

std::string Handoffs::link_token(HandoffId id) const {
  const std::string digits = digits_of(id);
  return digits + "." + base64url(link_mac(keys_, digits));
}

std::string Handoffs::new_user_code() const {
  std::string code;
  while (code.size() < kCodeLength + 1) {
    std::byte byte{};
    random_.fill({&byte, 1});
    // 240 is the largest multiple of 20 in a byte: no letter is likelier than another.
    if (std::to_integer<unsigned>(byte) >= 240) continue;
    code += kCodeAlphabet[std::to_integer<unsigned>(byte) % kCodeAlphabet.size()];
    if (code.size() == kCodeLength / 2) code += '-';
  }
  return code;
}

HandoffId Handoffs::verify_link(std::string_view link_token) const {
  const std::string_view digits = link_token.substr(0, kIdDigits);
  const auto id = HandoffId::parse(std::string(HandoffTag::kPrefix) + "_" + std::string(digits));
  if (!id || link_token.size() <= kIdDigits || link_token[kIdDigits] != '.') throw no_such_handoff();
  const auto mac = parse_base64url(link_token.substr(kIdDigits + 1));
  if (!mac || !crypto::equal(*mac, link_mac(keys_, digits))) {
    throw no_such_handoff();
  }
  return *id;
}

Look Handoffs::look(const Opener& opener, std::string_view link_token) const {
  const HandoffId id = verify_link(link_token);
  const Instant now = clock_.now();
  auto card = store_.read([&](const store::Snapshot& snapshot) -> std::optional<Card> {
    auto handoff = snapshot.handoffs().find(opener.workspace, id);
    if (!handoff) return std::nullopt;
    Card found;
    found.handoff = std::move(*handoff);
    found.state = state_at(found.handoff, now);
    if (auto agent = snapshot.agents().find(found.handoff.agent)) found.agent = std::move(*agent);
    if (found.agent.owner.valid()) found.agent_owner = snapshot.people().find(opener.workspace, found.agent.owner);
    if (found.handoff.connection.valid()) {
      found.connection = snapshot.connections().find(opener.workspace, found.handoff.connection);
    }
    return found;
  });
  if (!card) throw no_such_handoff();
  if (const auto refusal = refusal_of(card->handoff, opener)) {
    refusals_->note(store_, card->handoff, opener, *refusal, now);
    return *refusal;
  }
  card->integration = catalog_.find(card->handoff.integration);
  if (card->integration && card->handoff.kind == domain::HandoffKind::kSecretForm) {
    card->auth_template = card->integration->find_template(card->handoff.auth_template);
  }
  return std::move(*card);
}

domain::Handoff Handoffs::find_mine(const Opener& opener, std::string_view link_token) const {
  const HandoffId id = verify_link(link_token);
  auto handoff = store_.read([&](const store::Snapshot& now) { return now.handoffs().find(opener.workspace, id); });
  if (!handoff) throw no_such_handoff();
  if (const auto refusal = refusal_of(*handoff, opener)) {
    refusals_->note(store_, *handoff, opener, *refusal, clock_.now());
    throw refused(*refusal);
  }
  return std::move(*handoff);
}

void Handoffs::open(const Opener& opener, std::string_view link_token) const {
  const domain::Handoff handoff = find_mine(opener, link_token);
  const Instant now = clock_.now();
  const auto state = state_at(handoff, now);
  if (state == domain::kOpened) return;  // Continue pressed twice
  if (state != domain::kPending) throw state_conflict(state);
  store_.transact([&](store::Transaction& tx) {
    const auto event = event_for(handoff, domain::Actor::person(opener.person), "handoff.opened", now);
    step(tx, handoff, domain::kPending, domain::kOpened, {.subject = opener.person, .now = now}, event);
  });
}

void Handoffs::decline(const Opener& opener, std::string_view link_token) const {
  const domain::Handoff handoff = find_mine(opener, link_token);
  const Instant now = clock_.now();
  end_open(store_, handoff, domain::kDeclined, {.subject = opener.person, .now = now},
           event_for(handoff, domain::Actor::person(opener.person), "handoff.declined", now));
}

std::vector<Minted> Handoffs::waiting_for(const Opener& opener) const {
  const Instant now = clock_.now();
  auto handoffs = store_.read([&](const store::Snapshot& snapshot) {
    return snapshot.handoffs().waiting_for(opener.workspace, opener.person, opener.role, now);
  });
  std::vector<Minted> waiting;
  waiting.reserve(handoffs.size());
  for (domain::Handoff& handoff : handoffs) {
    std::string token = link_token(handoff.id);
    waiting.push_back({std::move(handoff), std::move(token)});
  }
  return waiting;
}

}  // namespace countersign::handoff
