// The asker's side of a login: mint, look, bring the return code back, give up.
#include "handoff/login.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/mac.h"
#include "crypto/pkce.h"
#include "handoff/login_row.h"
#include "identity/names.h"
#include "store/store.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view kNameless = "An agent";
// A session that strangers left behind is of no use to anybody after a day; a table of a million rows is taken
// away in a few runs without holding up the writer.
constexpr std::chrono::hours kForgottenAfter{24};
constexpr std::size_t kPrunedAtOnce = 500;
constexpr int kMostPrunings = 20;

std::string name_of(std::string_view identifier) {
  if (identity::without_outer_spaces(identifier).empty()) return std::string(kNameless);
  try {
    return identity::checked_name(identifier);
  } catch (Error& error) {
    throw std::move(error).at("/agent_identifier");
  }
}

std::optional<domain::ScopeSet> scopes_of(std::string_view word) {
  if (word == "content_only") return domain::ScopeSet::usual();
  if (word == "admin") return domain::ScopeSet::all();
  return domain::parse_scopes(word);
}

domain::ScopeSet asked_scopes(std::string_view text) {
  domain::ScopeSet asked;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const auto scopes = scopes_of(text.substr(0, end));
    if (!scopes) {
      throw Error(ErrorCode::kInvalidArgument, "bad_scope",
                  "There is no such scope. Known are: " + domain::text_of(domain::ScopeSet::all()) +
                      "; content_only and admin are understood.")
          .at("/scope");
    }
    asked = domain::ScopeSet::from_bits(asked.bits() | scopes->bits());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return asked.empty() ? domain::ScopeSet::usual() : asked;
}

void check_challenge(std::string_view challenge) {
  if (challenge.empty() || crypto::is_s256_challenge(challenge)) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_code_challenge",
              "The code challenge must be S256: 43 base64url characters of the SHA-256 of the verifier (RFC 7636).")
      .at("/code_challenge");
}

domain::Login asked_login(const LoginRequest& request) {
  domain::Login login;
  login.agent_identifier = name_of(request.agent_identifier);
  login.asked = asked_scopes(request.scope);
  login.asked_from = request.address;
  login.code_challenge = request.code_challenge;
  login.verifier_held = request.for_program || !request.code_challenge.empty();
  return login;
}

domain::Handoff handoff_for(const domain::Login& login, std::string user_code, Instant now) {
  domain::Handoff handoff;
  handoff.id = login.handoff;
  handoff.workspace = login.workspace;
  handoff.kind = domain::HandoffKind::kLogin;
  handoff.label = login.agent_identifier;
  handoff.user_code = std::move(user_code);
  handoff.created_at = now;
  handoff.expires_at = now + domain::kHandoffLifetime;
  return handoff;
}

void check_room(const store::OpenLogins& open, const LoginOptions& options) {
  if (open.all < options.most_open && open.from_address < static_cast<std::size_t>(options.most_per_address)) return;
  throw Error(ErrorCode::kRateLimited, "login_cap",
              "Too many logins wait for an answer. Let a person answer one, cancel one, or try again later.")
      .retry_after(std::chrono::minutes(1));
}

// For a program that brought no challenge: made from the id, so that nothing secret is stored.
Secret verifier_of(const crypto::KeyRing& keys, HandoffId id) {
  return Secret(base64url(crypto::mac(keys.key(crypto::KeyPurpose::kLink), {"auth verifier 1", digits_of(id)})));
}

LoginStatus status_of(domain::HandoffState state) {
  switch (state) {
    case domain::kCompleted:
      return LoginStatus::kActive;
    case domain::kDeclined:
      return LoginStatus::kDenied;
    case domain::kExpired:
      return LoginStatus::kExpired;
    case domain::kCancelled:
    case domain::kLocked:
    case domain::kFailed:
      return LoginStatus::kCancelled;
    case domain::kPending:
    case domain::kOpened:
    case domain::kCompleting:
      return LoginStatus::kPending;
  }
  return LoginStatus::kPending;
}

bool awaits_return_code(const domain::Handoff& handoff, const domain::Login& login, Instant now) {
  return is_allowed(login) && state_at(handoff, now) == domain::kOpened;
}

}  // namespace

Logins::Logins(store::Store& store, const crypto::KeyRing& keys, const identity::Grants& grants, const Clock& clock,
               Random& random, IdSource& ids, LoginOptions options)
    : store_(store),
      keys_(keys),
      grants_(grants),
      clock_(clock),
      random_(random),
      ids_(ids),
      options_(std::move(options)),
      limits_(std::make_unique<LoginLimits>(LoginLimits::Caps{options_.most_per_address, options_.most_in_all}, clock)),
      refusals_(std::make_unique<RefusalRecord>()) {}

Logins::~Logins() = default;

MintedLogin Logins::mint(const LoginRequest& request) const {
  limits_->begin_mint(request.address);
  check_challenge(request.code_challenge);
  auto login = asked_login(request);
  login.handoff = ids_.next<HandoffId>();
  login.workspace = options_.workspace;
  const auto handoff = handoff_for(login, new_user_code(random_), clock_.now());

  auto event = event_for(handoff, domain::Actor::anonymous(), "handoff.created", handoff.created_at);
  event.facts.emplace_back("kind", domain::kHandoffKindNames[handoff.kind]);
  event.facts.emplace_back("scopes", domain::text_of(login.asked));
  event.note = login.agent_identifier;
  store_.transact([&](store::Transaction& tx) {
    check_room(tx.logins().count_open(login.workspace, login.asked_from, handoff.created_at), options_);
    tx.handoffs().insert(handoff, event);
    tx.logins().insert(login);
  });
  MintedLogin minted{handoff, session_request_id(keys_, handoff.id), link_token(keys_, handoff.id), {}};
  if (request.for_program && request.code_challenge.empty()) minted.verifier = verifier_of(keys_, handoff.id);
  return minted;
}

std::optional<Logins::Row> Logins::find(WorkspaceId workspace, HandoffId id) const {
  return store_.read([&](const store::Snapshot& now) -> std::optional<Row> {
    auto handoff = now.handoffs().find(workspace, id);
    if (!handoff || handoff->kind != domain::HandoffKind::kLogin) return std::nullopt;
    auto login = now.logins().find(workspace, id);
    if (!login) return std::nullopt;
    return Row{std::move(*handoff), std::move(*login)};
  });
}

Logins::Row Logins::find_session(std::string_view session_request_id) const {
  const auto id = verify_session_request_id(keys_, session_request_id);
  if (!id) throw no_such_session();
  auto row = find(options_.workspace, *id);
  if (!row) throw no_such_session();
  return std::move(*row);
}

LoginState Logins::state_of(Row row) const {
  const Instant now = clock_.now();
  LoginState state;
  state.status = status_of(state_at(row.handoff, now));
  state.return_code_awaited = awaits_return_code(row.handoff, row.login, now);
  if (state.status == LoginStatus::kActive) {
    state.approved_by = store_.read([&](const store::Snapshot& snapshot) {
      return snapshot.people().find(row.handoff.workspace, row.handoff.subject);
    });
  }
  state.handoff = std::move(row.handoff);
  state.login = std::move(row.login);
  return state;
}

LoginState Logins::get(std::string_view session_request_id) const { return state_of(find_session(session_request_id)); }

void Logins::keep_pace(const LoginState& state) const {
  if (state.status == LoginStatus::kPending) limits_->pace.look(state.handoff.id);
}

std::chrono::seconds Logins::interval_of(HandoffId id) const { return limits_->pace.interval_of(id); }

LoginState Logins::return_code(std::string_view session_request_id, std::string_view code) const {
  return state_of(bring_back(find_session(session_request_id), code));
}

Logins::Row Logins::bring_back(Row row, std::string_view code) const {
  const Instant now = clock_.now();
  if (!awaits_return_code(row.handoff, row.login, now)) return row;
  const auto event = event_for(row.handoff, domain::Actor::anonymous(), "handoff.code_refused", now);
  const Tried tried = store_.transact([&](store::Transaction& tx) {
    if (!same_code(code, handoff::return_code(keys_, row.handoff.id))) {
      return count_wrong(tx, row.handoff, domain::kOpened, event);
    }
    complete(tx, row.handoff, event.actor, now);
    return Tried::kRight;
  });
  require_right(tried, "wrong_return_code", "return code");
  auto completed = find(row.handoff.workspace, row.handoff.id);
  if (!completed) throw no_such_session();
  return std::move(*completed);
}

void Logins::prove(const Row& row, const Secret& verifier) const {
  const domain::Login& login = row.login;
  const std::string challenge =
      login.code_challenge.empty() ? crypto::s256_challenge(verifier_of(keys_, login.handoff)) : login.code_challenge;
  if (login.verifier_held && crypto::s256_matches(verifier, challenge)) return;
  throw Error(ErrorCode::kPermissionDenied, "wrong_verifier",
              "The code verifier does not belong to this auth session. Only the program that asked can fetch the "
              "grant.")
      .recovery("create_auth_session");
}

LoginState Logins::cancel(std::string_view session_request_id) const {
  Row row = find_session(session_request_id);
  const Instant now = clock_.now();
  if (state_at(row.handoff, now) == domain::kCancelled) return state_of(std::move(row));  // asked twice
  end_open(store_, row.handoff, domain::kCancelled, {.now = now},
           event_for(row.handoff, domain::Actor::anonymous(), "handoff.cancelled", now));
  return get(session_request_id);
}

void Logins::prune() const {
  const Instant now = clock_.now();
  domain::AuditEvent event;
  event.workspace = options_.workspace;
  event.at = now;
  event.action = "handoff.pruned";
  event.object = options_.workspace.text();
  for (int i = 0; i < kMostPrunings; ++i) {
    const auto pruned = store_.transact([&](store::Transaction& tx) {
      return tx.handoffs().prune_logins(options_.workspace, now - kForgottenAfter, kPrunedAtOnce, event);
    });
    if (pruned < kPrunedAtOnce) return;
  }
}

}  // namespace countersign::handoff
