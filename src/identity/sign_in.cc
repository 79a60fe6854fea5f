// The ways in: a password, a one-use link. What follows a sign-in is in presence.cc and step_up.cc.
#include "identity/sign_in.h"

#include "base/error.h"
#include "crypto/token.h"
#include "identity/login_name.h"
#include "identity/names.h"
#include "identity/throttle.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kSessionKind = "session";
constexpr std::string_view kLinkKind = "signin";

Error wrong_login() { return {ErrorCode::kPermissionDenied, "wrong_login", "The user name or the password is wrong."}; }

Error bad_link() { return {ErrorCode::kNotFound, "bad_link", "This sign-in link does not exist."}; }

Error link_used() {
  return {ErrorCode::kPermissionDenied, "link_used",
          "This sign-in link was used already, or another took its place. Ask for a new one."};
}

Error link_expired() {
  return {ErrorCode::kPermissionDenied, "link_expired", "This sign-in link has expired. Ask for a new one."};
}

bool is_used(const domain::SignInLink& link) { return link.used_at != Instant{}; }

// Of somebody who is disabled, a link is over like an old one: it tells nothing about the account.
bool is_over(const domain::SignInLink& link, const domain::Person& person, Instant now) {
  return person.disabled || now >= link.expires_at;
}

}  // namespace

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

SignedIn SignIn::with_password(WorkspaceId workspace, std::string_view typed, Secret password, const Origin& from) {
  // What is no login goes the way of an unknown one: nobody is called "".
  const std::string login = login_name(typed).value_or("");
  const std::string_view counted = login.empty() ? typed : std::string_view(login);
  const Throttle::Keys slots = throttle_->keys_of(workspace, counted, from.address);
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
    record_failure(
        {workspace, {}, domain::Actor::anonymous(), "sign_in.failed", person ? person->id.text() : "", {}, {}}, counted,
        from.address);
    throw wrong_login();
  }
  throttle_->succeeded(slots);
  improve_hash(*person, password);
  return begin_session(*person, "password", {}, from);
}

SignedIn SignIn::with_link(std::string_view link_token, const Origin& from) {
  const auto proved = prove_link(link_token);
  if (!proved) throw bad_link();
  const auto& [link, person] = *proved;
  if (is_used(link) && !person.disabled) throw link_used();
  if (is_over(link, person, clock_.now())) throw link_expired();
  return begin_session(person, "link", link.id, from);
}

std::optional<LinkOwner> SignIn::owner_of_link(std::string_view link_token) const {
  auto proved = prove_link(link_token);
  if (!proved) return std::nullopt;
  auto& [link, person] = *proved;
  if (is_used(link) || is_over(link, person, clock_.now())) return std::nullopt;
  return LinkOwner{std::move(person), link.purpose};
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
    if (!person) return std::nullopt;
    return std::pair(*std::move(link), *std::move(person));
  });
}

SignedIn SignIn::begin_session(const domain::Person& person, std::string_view how, SignInLinkId link,
                               const Origin& from) {
  const Instant now = clock_.now();
  domain::BrowserSession session;
  session.id = ids_.next<SessionId>();
  session.workspace = person.workspace;
  session.person = person.id;
  session.created_at = session.last_seen_at = session.verified_at = now;
  session.expires_at = now + limits_.absolute;
  session.address = from.address;
  session.browser = browser_words(from.browser);
  auto token = crypto::issue_token(kSessionKind, session.id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  session.token_hash = std::move(token.hash);

  const auto actor = domain::Actor::person(person.id);
  domain::AuditEvent succeeded{
      person.workspace, now, actor, "sign_in.succeeded", person.id.text(), {{"how", std::string(how)}}, {}};
  if (link.valid()) succeeded.facts.emplace_back("link", link.text());
  const domain::AuditEvent started{
      person.workspace, now, actor, "session.started", session.id.text(), {{"person", person.id.text()}}, {}};
  store_.transact([&](store::Transaction& tx) {
    if (link.valid()) {
      // False when somebody was faster, or an admin has just made it void.
      if (!tx.sessions().use_link(link, now, succeeded)) throw link_used();
    } else {
      // A session must not outlive the password that was changed while this one was being compared.
      const auto current = tx.people().find(person.workspace, person.id);
      if (!current || current->disabled || current->password_hash != person.password_hash) throw wrong_login();
      tx.audit().record(succeeded);
    }
    tx.sessions().insert(session, started);
  });
  return {std::move(session), person, std::move(token.text)};
}

void SignIn::record_failure(domain::AuditEvent event, std::string_view login, std::string_view address) {
  const auto held_back = throttle_->let_failure_through(clock_.steady_now());
  if (!held_back) return;
  event.at = clock_.now();
  event.facts = {{"login_digest", throttle_->login_digest(event.workspace, login)},
                 {"address_digest", throttle_->address_digest(address)},
                 {"not_recorded_before", std::to_string(*held_back)}};
  store_.transact([&](store::Transaction& tx) { tx.audit().record(event); });
}

// The password is at hand only now, so older hashes grow with the cost. A full queue is no reason to refuse
// a sign-in that has succeeded: the next one tries again.
void SignIn::improve_hash(domain::Person& person, const Secret& password) {
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
  const bool stored = store_.transact([&](store::Transaction& tx) {
    // Unless somebody set another one in the meantime.
    const auto current = tx.people().find(person.workspace, person.id);
    return current && current->password_hash == person.password_hash &&
           tx.people().set_password(person.workspace, person.id, hash, event);
  });
  if (stored) person.password_hash = std::move(hash);
}

}  // namespace countersign::identity
