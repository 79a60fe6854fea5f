// The ways in: a password, a one-use link. What follows a sign-in is in presence.cc.
#include "identity/sign_in.h"

#include <cstring>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/mac.h"
#include "crypto/token.h"
#include "identity/login_name.h"
#include "identity/slow_down.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kSessionKind = "session";
constexpr std::string_view kLinkKind = "signin";

// A person who mistypes five times waits a second; a guesser is soon down to about one try in five minutes.
constexpr Patience kPerLogin{5, std::chrono::seconds(1), std::chrono::minutes(15), std::chrono::minutes(5)};
// An office behind one address makes many honest mistakes.
constexpr Patience kPerAddress{30, std::chrono::seconds(1), std::chrono::minutes(5), std::chrono::seconds(20)};
// Failures that are told one by one: sixty, then one a second.
constexpr int kFailureBurst = 60;
constexpr std::chrono::seconds kFailureRefill{1};

Error wrong_login() { return {ErrorCode::kPermissionDenied, "wrong_login", "The login or the password is wrong."}; }

Error bad_link() { return {ErrorCode::kNotFound, "bad_link", "This sign-in link does not exist."}; }

Error link_used() {
  return {ErrorCode::kPermissionDenied, "link_used", "This sign-in link was used already. Ask for a new one."};
}

Error link_expired() {
  return {ErrorCode::kPermissionDenied, "link_expired", "This sign-in link has expired. Ask for a new one."};
}

bool is_used(const domain::SignInLink& link) { return link.used_at != Instant{}; }

}  // namespace

// Per login and address together, so that nobody else's failures keep the owner out, and per address, so
// that one cannot try one password on every login.
class SignIn::Throttle {
 public:
  struct Keys {
    SlowDown::KeyDigest pair;
    SlowDown::KeyDigest address;
  };

  explicit Throttle(const crypto::KeyRing& keys)
      : digest_key_(keys.key(crypto::KeyPurpose::kFingerprint).derive("identity", "failed sign-in")) {}

  // Keyed: what was typed as a login may be a password that went into the wrong field.
  crypto::Mac login_digest(WorkspaceId workspace, std::string_view login) const {
    return crypto::mac(digest_key_, {"login", workspace.text(), login});
  }
  crypto::Mac address_digest(std::string_view address) const {
    return crypto::mac(digest_key_, {"address", address_scope(address)});
  }
  Keys keys_of(WorkspaceId workspace, std::string_view login, std::string_view address) const {
    const crypto::Mac both =
        crypto::mac(digest_key_, {"pair", as_text(login_digest(workspace, login)), as_text(address_digest(address))});
    return {first_bytes(both), first_bytes(address_digest(address))};
  }

  // Throws kRateLimited with the wait.
  void begin(const Keys& keys, SteadyInstant now) {
    auto wait = pairs_.try_begin(keys.pair, now);
    if (wait > wait.zero()) refuse(wait);
    wait = addresses_.try_begin(keys.address, now);
    if (wait <= wait.zero()) return;
    pairs_.take_back(keys.pair);
    refuse(wait);
  }
  void never_looked_at(const Keys& keys) {
    pairs_.take_back(keys.pair);
    addresses_.take_back(keys.address);
  }
  void succeeded(const Keys& keys) {
    pairs_.forget(keys.pair);
    addresses_.take_back(keys.address);
  }

  Sampler failures{kFailureBurst, kFailureRefill};

 private:
  static SlowDown::KeyDigest first_bytes(const crypto::Mac& mac) {
    SlowDown::KeyDigest digest = 0;
    std::memcpy(&digest, mac.data(), sizeof digest);
    return digest;
  }
  [[noreturn]] void refuse(std::chrono::milliseconds wait) {
    failures.held_back();
    throw Error(ErrorCode::kRateLimited, "sign_in_throttled", "Too many failed sign-ins. Wait a moment and try again.")
        .retry_after(std::chrono::ceil<std::chrono::seconds>(wait));
  }

  const crypto::Key digest_key_;
  SlowDown pairs_{kPerLogin};
  SlowDown addresses_{kPerAddress};
};

SignIn::SignIn(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
               Random& random, IdSource& ids, SessionLimits limits)
    : store_(store),
      keys_(keys),
      passwords_(passwords),
      clock_(clock),
      random_(random),
      ids_(ids),
      limits_(limits),
      throttle_(std::make_unique<Throttle>(keys)) {}
SignIn::~SignIn() = default;

SignedIn SignIn::with_password(WorkspaceId workspace, std::string_view typed, Secret password,
                               std::string_view address) {
  // What is no login goes the way of an unknown one: nobody is called "".
  const std::string login = login_name(typed).value_or("");
  const std::string_view counted = login.empty() ? typed : std::string_view(login);
  const Throttle::Keys slots = throttle_->keys_of(workspace, counted, address);
  throttle_->begin(slots, clock_.steady_now());

  std::optional<domain::Person> person;
  bool right = false;
  try {
    person = store_.read([&](const store::Snapshot& at) { return at.people().find_by_login(workspace, login); });
    right = passwords_.verify(person ? std::string_view(person->password_hash) : std::string_view(), password);
  } catch (const Error&) {
    throttle_->never_looked_at(slots);  // a full queue or a store that is away is no guess
    throw;
  }
  if (!right || person->disabled) {
    record_failure(workspace, person, counted, address);
    throw wrong_login();
  }
  throttle_->succeeded(slots);
  improve_hash(*person, password);
  return begin_session(*person, "password", {});
}

SignedIn SignIn::with_link(std::string_view link_token) {
  const auto proved = prove_link(link_token);
  if (!proved) throw bad_link();
  const auto& [link, person] = *proved;
  if (is_used(link)) throw link_used();
  if (clock_.now() >= link.expires_at) throw link_expired();
  return begin_session(person, "link", link.id);
}

bool SignIn::link_usable(std::string_view link_token) const {
  const auto proved = prove_link(link_token);
  return proved && !is_used(proved->first) && clock_.now() < proved->first.expires_at;
}

std::optional<std::pair<domain::SignInLink, domain::Person>> SignIn::prove_link(std::string_view link_token) const {
  const auto token = crypto::parse_token(link_token);
  if (!token || token->kind != kLinkKind) return std::nullopt;
  return store_.read([&](const store::Snapshot& at) -> std::optional<std::pair<domain::SignInLink, domain::Person>> {
    auto link = at.sessions().find_link(SignInLinkId(token->row_key));
    const bool genuine = crypto::token_matches(keys_.key(crypto::KeyPurpose::kToken), *token,
                                               link ? std::string_view(link->token_hash) : std::string_view());
    if (!genuine) return std::nullopt;
    auto person = at.people().find(link->workspace, link->person);
    if (!person || person->disabled) return std::nullopt;
    return std::pair(*std::move(link), *std::move(person));
  });
}

SignedIn SignIn::begin_session(const domain::Person& person, std::string_view how, SignInLinkId link) {
  const Instant now = clock_.now();
  domain::BrowserSession session;
  session.id = ids_.next<SessionId>();
  session.workspace = person.workspace;
  session.person = person.id;
  session.created_at = now;
  session.last_seen_at = now;
  session.expires_at = now + limits_.absolute;
  auto token = crypto::issue_token(kSessionKind, session.id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  session.token_hash = std::move(token.hash);

  const auto actor = domain::Actor::person(person.id);
  domain::AuditEvent succeeded{
      person.workspace, now, actor, "sign_in.succeeded", person.id.text(), {{"how", std::string(how)}}, {}};
  if (link.valid()) succeeded.facts.emplace_back("link", link.text());
  const domain::AuditEvent started{
      person.workspace, now, actor, "session.started", session.id.text(), {{"person", person.id.text()}}, {}};
  store_.transact([&](store::Transaction& tx) {
    if (!link.valid()) {
      tx.audit().record(succeeded);
    } else if (!tx.sessions().use_link(link, now, succeeded)) {
      throw link_used();  // somebody was faster; it had not expired at this very instant
    }
    tx.sessions().insert(session, started);
  });
  return {std::move(session), person, std::move(token.text)};
}

void SignIn::record_failure(WorkspaceId workspace, const std::optional<domain::Person>& person, std::string_view login,
                            std::string_view address) {
  const auto held_back = throttle_->failures.let_through(clock_.steady_now());
  if (!held_back) return;
  const crypto::Mac login_digest = throttle_->login_digest(workspace, login);
  const crypto::Mac address_digest = throttle_->address_digest(address);
  const domain::AuditEvent event{workspace,
                                 clock_.now(),
                                 domain::Actor::anonymous(),
                                 "sign_in.failed",
                                 person ? person->id.text() : "",
                                 {{"login_digest", hex(std::span(login_digest).first(8))},
                                  {"address_digest", hex(std::span(address_digest).first(8))},
                                  {"not_recorded_before", std::to_string(*held_back)}},
                                 {}};
  store_.transact([&](store::Transaction& tx) { tx.audit().record(event); });
}

// The password is at hand only now, so older hashes grow with the cost. A full queue is no reason to refuse
// a sign-in that has succeeded: the next one tries again.
void SignIn::improve_hash(const domain::Person& person, const Secret& password) {
  if (!passwords_.outdated(person.password_hash)) return;
  std::string hash;
  try {
    hash = passwords_.hash(password);
  } catch (const Error&) {
    return;
  }
  const domain::AuditEvent event{person.workspace,
                                 clock_.now(),
                                 domain::Actor::system(),
                                 "person.password_set",
                                 person.id.text(),
                                 {{"reason", "stronger_hash"}},
                                 {}};
  store_.transact([&](store::Transaction& tx) {
    // Unless somebody set another one in the meantime.
    const auto current = tx.people().find(person.workspace, person.id);
    if (current && current->password_hash == person.password_hash) {
      tx.people().set_password(person.workspace, person.id, hash, event);
    }
  });
}

}  // namespace countersign::identity
