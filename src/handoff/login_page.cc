// The person's side of a login: look, continue, allow or deny. Which machine the person sits at is decided here,
// by the address of the browser that acts, and never by what the asker says.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "handoff/login_row.h"
#include "http/address_rules.h"
#include "http/client_address.h"
#include "store/store.h"

namespace countersign::handoff {
namespace {

using std::chrono::hours;
constexpr std::array<hours, 5> kLifetimes{hours(1), hours(24), hours(24 * 7), hours(24 * 30), hours(24 * 90)};

bool has_kind(std::string_view address, http::AddressKind kind) {
  const auto parsed = http::parse_address(address);
  return parsed && http::kind_of(*parsed) == kind;
}

// A loopback address says "this machine" only when the broker itself is on it; otherwise it is a proxy's that was
// not configured, and everybody would look like a neighbour.
bool same_machine(std::string_view one, std::string_view other, const LoginOptions& options) {
  const auto a = http::canonical_address(one);
  const auto b = http::canonical_address(other);
  if (!a || !b) return false;
  if (options.loopback_only)
    return has_kind(*a, http::AddressKind::kLoopback) && has_kind(*b, http::AddressKind::kLoopback);
  const bool of_a_proxy = std::any_of(options.proxies.begin(), options.proxies.end(),
                                      [&](const std::string& proxy) { return http::canonical_address(proxy) == a; });
  return *a == *b && !of_a_proxy && !has_kind(*a, http::AddressKind::kLoopback) &&
         !has_kind(*a, http::AddressKind::kUnspecified);
}

// Good for the program while the login waits for it, for `client connect` until the grant is fetched.
bool is_code_good(const domain::Handoff& handoff, const domain::Login& login, Instant now) {
  if (login.return_code_hash.empty()) return false;
  const auto state = state_at(handoff, now);
  if (state == domain::kOpened) return true;
  return state == domain::kCompleted && !login.verifier_held && !login.grant.valid() &&
         now < handoff.settled_at + domain::kFetchWithin;
}

void require_open(domain::HandoffState state) {
  if (!domain::is_open(state)) throw state_conflict(state);
}

void check_scopes(const domain::Login& login, domain::ScopeSet scopes) {
  if (!scopes.empty() && login.asked.contains(scopes)) return;
  throw Error(
      ErrorCode::kInvalidArgument, "bad_scope",
      scopes.empty() ? "Choose at least one thing that the agent may do." : "The agent did not ask for that much.");
}

void check_lifetime(const std::vector<std::chrono::seconds>& offered, std::chrono::seconds lifetime) {
  if (std::find(offered.begin(), offered.end(), lifetime) != offered.end()) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_lifetime", "Choose how long the agent may act for you.");
}

domain::AuditEvent allowed_event(const domain::Handoff& handoff, const domain::Actor& actor,
                                 const store::LoginDecision& decision, std::string_view return_code) {
  auto event = event_for(handoff, actor, "handoff.allowed", decision.at);
  event.facts.emplace_back("scopes", domain::text_of(decision.granted));
  event.facts.emplace_back("lifetime", std::to_string(decision.lifetime.count()));
  event.facts.emplace_back("return_code", return_code);
  return event;
}

// One that ended meanwhile takes no decision: the login itself does not know its state.
void require_opened(const store::Handoffs& handoffs, const domain::Handoff& handoff, Instant now) {
  const auto current = handoffs.find(handoff.workspace, handoff.id);
  if (!current) throw no_such_handoff();
  if (const auto state = state_at(*current, now); state != domain::kOpened) throw state_conflict(state);
}

}  // namespace

bool Logins::asks_for_code(const domain::Login& login, std::string_view address) const {
  if (login.remote) return false;  // typed already
  return options_.return_code == ReturnCode::kAlways || !same_machine(login.asked_from, address, options_);
}

std::vector<std::chrono::seconds> Logins::lifetimes() const {
  std::vector<std::chrono::seconds> offered;
  for (const hours lifetime : kLifetimes) {
    if (lifetime <= options_.longest_grant) offered.emplace_back(lifetime);
  }
  return offered;
}

Logins::Row Logins::find_mine(const domain::Acting& acting, std::string_view link_token) const {
  const auto id = verify_link_token(keys_, link_token);
  if (!id) throw no_such_handoff();
  auto row = find(acting.workspace, *id);
  if (!row) throw no_such_handoff();
  if (const auto refusal = refusal_of(row->handoff, acting)) {
    refusals_->note(store_, row->handoff, acting, *refusal, clock_.now());
    throw refused(*refusal);
  }
  return std::move(*row);
}

LoginCard Logins::look(const domain::Acting& acting, std::string_view link_token, std::string_view address) const {
  Row row = find_mine(acting, link_token);
  const Instant now = clock_.now();
  LoginCard card;
  card.state = state_at(row.handoff, now);
  card.type_code = domain::is_open(card.state) && asks_for_code(row.login, address);
  card.lifetimes = lifetimes();
  card.allowed = is_allowed(row.login);
  card.code_for_client = !row.login.verifier_held;
  if (is_code_good(row.handoff, row.login, now)) card.return_code = handoff::return_code(keys_, row.handoff.id);
  card.handoff = std::move(row.handoff);
  card.login = std::move(row.login);
  return card;
}

void Logins::open(const domain::Acting& acting, std::string_view link_token, std::string_view address,
                  std::string_view typed_code) const {
  const Row row = find_mine(acting, link_token);
  const domain::Handoff& handoff = row.handoff;
  const Instant now = clock_.now();
  const auto state = state_at(handoff, now);
  require_open(state);
  const bool code_needed = asks_for_code(row.login, address);
  if (state == domain::kOpened && !code_needed) return;  // Continue pressed twice
  const auto event = event_for(handoff, domain::Actor::person(acting.person), "handoff.opened", now);
  auto typed = event;
  typed.action = "handoff.code_typed";
  const Tried tried = store_.transact([&](store::Transaction& tx) {
    if (code_needed && !same_code(typed_code, handoff.user_code)) return count_wrong(tx, handoff, state, event);
    if (state == domain::kPending) {
      step(tx, handoff, state, domain::kOpened, {.subject = acting.person, .now = now}, event);
    }
    if (code_needed) tx.logins().mark_remote(handoff.id, typed);
    return Tried::kRight;
  });
  require_right(tried, "wrong_user_code", "code that your agent shows");
}

void Logins::allow(const domain::Acting& acting, std::string_view link_token, std::string_view address,
                   const Allowance& allowance) const {
  const Row row = find_mine(acting, link_token);
  const domain::Handoff& handoff = row.handoff;
  const Instant now = clock_.now();
  domain::require_fresh(acting, now);
  const auto state = state_at(handoff, now);
  require_open(state);
  if (asks_for_code(row.login, address)) {
    throw Error(ErrorCode::kPermissionDenied, "user_code_needed", "Enter the code that your agent shows first.");
  }
  check_scopes(row.login, allowance.scopes);
  check_lifetime(lifetimes(), allowance.lifetime);

  const auto actor = domain::Actor::person(acting.person);
  const bool carried = row.login.remote && options_.return_code != ReturnCode::kNever;
  store::LoginDecision decision{allowance.scopes, allowance.lifetime, {}, now};
  if (carried || !row.login.verifier_held) {
    decision.return_code_hash = return_code_hash(keys_, handoff::return_code(keys_, handoff.id));
  }
  const auto event = allowed_event(handoff, actor, decision, carried ? "demanded" : "not_needed");
  store_.transact([&](store::Transaction& tx) {
    if (state == domain::kPending) {
      step(tx, handoff, state, domain::kOpened, {.subject = acting.person, .now = now},
           event_for(handoff, actor, "handoff.opened", now));
    }
    require_opened(tx.handoffs(), handoff, now);
    if (!tx.logins().allow(handoff.id, decision, event)) {
      throw Error(ErrorCode::kConflict, "login_allowed", "You have allowed this already.");
    }
    if (!carried) complete(tx, handoff, actor, now);
  });
}

void Logins::deny(const domain::Acting& acting, std::string_view link_token) const {
  const Row row = find_mine(acting, link_token);
  const Instant now = clock_.now();
  end_open(store_, row.handoff, domain::kDeclined, {.subject = acting.person, .now = now},
           event_for(row.handoff, domain::Actor::person(acting.person), "handoff.declined", now));
}

}  // namespace countersign::handoff
