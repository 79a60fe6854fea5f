#include "handoff/handoffs.h"

#include <utility>

#include "base/error.h"
#include "handoff/claims.h"
#include "handoff/codes.h"
#include "handoff/links.h"
#include "handoff/rules.h"
#include "store/store.h"

namespace countersign::handoff {
namespace {

void begin(domain::Handoff& handoff, HandoffId id, std::string user_code, Instant now) {
  handoff.id = id;
  handoff.user_code = std::move(user_code);
  handoff.created_at = now;
  handoff.expires_at = now + domain::kHandoffLifetime;
}

domain::AuditEvent created_event(const domain::Handoff& handoff, const domain::Actor& actor) {
  auto event = event_for(handoff, actor, "handoff.created", handoff.created_at);
  event.facts.emplace_back("kind", domain::kHandoffKindNames[handoff.kind]);
  event.facts.emplace_back("integration", handoff.integration);
  event.facts.emplace_back("owner", domain::kOwnerNames[handoff.owner.kind]);
  if (handoff.action != domain::ConfirmAction::kNone) {
    event.facts.emplace_back("action", domain::kConfirmActionNames[handoff.action]);
  }
  event.note = handoff.label.empty() ? handoff.proposal.name : handoff.label;
  return event;
}

}  // namespace

Handoffs::Handoffs(store::Store& store, const catalog::Catalog& catalog, const vault::Vault& vault,
                   const vault::Bindings& bindings, http::Client& client, const crypto::KeyRing& keys,
                   const Clock& clock, Random& random, IdSource& ids)
    : store_(store),
      catalog_(catalog),
      vault_(vault),
      bindings_(bindings),
      client_(client),
      keys_(keys),
      clock_(clock),
      random_(random),
      ids_(ids),
      refusals_(std::make_unique<RefusalRecord>()),
      claims_(std::make_unique<Claims>()) {}

Handoffs::~Handoffs() = default;

domain::Handoff Handoffs::find_asked(const Asker& asker, HandoffId id) const {
  auto found = store_.read([&](const store::Snapshot& now) { return now.handoffs().find(asker.workspace, id); });
  if (!found || found->agent != asker.agent) throw no_such_handoff();
  return std::move(*found);
}

domain::Handoff Handoffs::get(const Asker& asker, HandoffId id) const { return seen(find_asked(asker, id)); }

domain::Handoff Handoffs::cancel(const Asker& asker, HandoffId id) const {
  domain::Handoff handoff = taken_back(find_asked(asker, id));
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

Minted Handoffs::insert(Draft draft, const Asker& asker, std::string_view digest) const {
  domain::Handoff& handoff = draft.handoff;
  handoff.workspace = asker.workspace;
  handoff.agent = asker.agent;
  handoff.request_digest = digest;
  begin(handoff, ids_.next<HandoffId>(), new_user_code(random_), clock_.now());
  const auto event = created_event(handoff, domain::Actor::agent(asker.agent));
  store_.transact([&](store::Transaction& tx) {
    // Stopped since it was let in: what it asks for now would outlive the sweep of its requests.
    const auto agent = tx.agents().find(asker.agent);
    const bool stopped =
        !agent || agent->revoked_at != Instant() || agent->paused_at != Instant() || agent->orphaned_at != Instant();
    if (stopped) throw Error(ErrorCode::kUnauthenticated, "bad_token", "This token is not valid (any more).");
    tx.handoffs().insert(handoff, event);
    if (draft.beside) draft.beside(tx, handoff);
  });
  std::string token = link_token(keys_, handoff.id);
  return {std::move(handoff), std::move(token)};
}

Minted Handoffs::mint_own(const Opener& opener, Draft draft) const {
  domain::Handoff& handoff = draft.handoff;
  handoff.workspace = opener.workspace;
  handoff.agent = {};
  handoff.state = domain::kOpened;
  handoff.subject = opener.person;
  if (const auto refusal = refusal_of(handoff, opener)) throw refused(*refusal);
  begin(handoff, ids_.next<HandoffId>(), new_user_code(random_), clock_.now());
  const auto event = created_event(handoff, domain::Actor::person(opener.person));
  store_.transact([&](store::Transaction& tx) {
    tx.handoffs().insert(handoff, event);
    if (draft.beside) draft.beside(tx, handoff);
  });
  std::string token = link_token(keys_, handoff.id);
  return {std::move(handoff), std::move(token)};
}

Minted Handoffs::mint(const Asker& asker, std::string_view request_key, std::string_view digest,
                      const std::function<Draft()>& make) const {
  if (request_key.empty()) return insert(make(), asker, digest);
  if (auto earlier = repeated(asker, request_key, digest)) return std::move(*earlier);
  try {
    Draft draft = make();
    draft.handoff.request_key = request_key;
    return insert(std::move(draft), asker, digest);
  } catch (const Error& error) {
    // Two identical requests at once: the slower one finds what the faster one made.
    if (error.reason() != "request_key_taken") throw;
    if (auto earlier = repeated(asker, request_key, digest)) return std::move(*earlier);
    throw;
  }
}

Minted Handoffs::mint_once(const Asker& asker, std::string_view request_key, std::string_view digest,
                           const Make& make) const {
  return mint(asker, request_key, digest, [&] { return Draft{make(), {}}; });
}

std::optional<Minted> Handoffs::repeated(const Asker& asker, std::string_view request_key,
                                         std::string_view digest) const {
  auto earlier = store_.read(
      [&](const store::Snapshot& now) { return now.handoffs().find_by_request_key(asker.agent, request_key); });
  if (!earlier) return std::nullopt;
  if (earlier->request_digest != digest) {
    throw Error(ErrorCode::kConflict, "request_key_reused",
                "This Idempotency-Key was used for a different request. Use a new one.");
  }
  std::string token = link_token(keys_, earlier->id);
  return Minted{seen(std::move(*earlier)), std::move(token)};
}

// As it is to everybody but the process that left it behind: claimed by nobody, so open (or expired). Of the kind
// oauth a claim has its own end in the store, and Connect::recover() puts it back.
domain::Handoff Handoffs::seen(domain::Handoff handoff) const {
  const bool left_behind = handoff.kind == domain::HandoffKind::kSecretForm && handoff.state == domain::kCompleting &&
                           !claims_->holds(handoff.id);
  if (left_behind) handoff.state = domain::kOpened;
  return handoff;
}

// Before a step out of it: what was left behind is put back.
domain::Handoff Handoffs::taken_back(domain::Handoff handoff) const {
  const auto stored = handoff.state;
  handoff = seen(std::move(handoff));
  if (handoff.state != stored) give_back(handoff, "left_behind");
  return handoff;
}

void Handoffs::give_back(const domain::Handoff& handoff, std::string_view why) const {
  const Instant now = clock_.now();
  auto event = event_for(handoff, domain::Actor::system(), "handoff.reopened", now);
  event.facts.emplace_back("reason", why);
  store_.transact([&](store::Transaction& tx) {
    tx.handoffs().advance(handoff.workspace, handoff.id, domain::kCompleting, domain::kOpened, {.now = now}, event);
  });
}

HandoffId Handoffs::verify_link(std::string_view link_token) const {
  if (const auto id = verify_link_token(keys_, link_token)) return *id;
  throw no_such_handoff();
}

Look Handoffs::look(const Opener& opener, std::string_view link_token) const {
  const HandoffId id = verify_link(link_token);
  const Instant now = clock_.now();
  auto card = store_.read([&](const store::Snapshot& snapshot) -> std::optional<Card> {
    auto handoff = snapshot.handoffs().find(opener.workspace, id);
    if (!handoff) return std::nullopt;
    Card found;
    found.handoff = seen(std::move(*handoff));
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
  card->stranger_came = stranger_came(id);
  card->integration = catalog_.find(card->handoff.integration);
  if (card->integration && !card->handoff.auth_template.empty()) {
    card->auth_template = card->integration->find_template(card->handoff.auth_template);
  }
  return std::move(*card);
}

bool Handoffs::stranger_came(HandoffId id) const { return refusals_->knows_of_a_stranger(id); }

domain::Handoff Handoffs::find_mine(const Opener& opener, std::string_view link_token) const {
  const HandoffId id = verify_link(link_token);
  auto handoff = store_.read([&](const store::Snapshot& now) { return now.handoffs().find(opener.workspace, id); });
  // A login has rules of its own (login.h): none of its steps may be taken from here.
  if (!handoff || handoff->kind == domain::HandoffKind::kLogin) throw no_such_handoff();
  if (const auto refusal = refusal_of(*handoff, opener)) {
    refusals_->note(store_, *handoff, opener, *refusal, clock_.now());
    throw refused(*refusal);
  }
  return taken_back(std::move(*handoff));
}

domain::Handoff Handoffs::find_for(const Opener& opener, std::string_view link_token) const {
  return find_mine(opener, link_token);
}

std::string Handoffs::link_of(HandoffId id) const { return link_token(keys_, id); }

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
    std::string token = link_token(keys_, handoff.id);
    waiting.push_back({std::move(handoff), std::move(token)});
  }
  return waiting;
}

}  // namespace countersign::handoff
