// People, how they prove who they are, and the browser sessions that follow. Thread-safe.
//
// Failures look the same for known and unknown logins, in words, in time and in size. Throttling slows an
// attacker without locking the owner out: it is per address and per login together, and a one-use link from
// the command line always works (abuse case 95).
//
// A further factor (TOTP, a passkey, SSO) is one file beside step_up.cc: it proves a person under throttle.h and
// ends in begin_session() or, for somebody who is signed in already, in note_proof().
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/acting.h"
#include "domain/people.h"
#include "identity/last_seen.h"
#include "identity/password_worker.h"
#include "store/store.h"

namespace countersign::identity {

class Throttle;

struct SessionLimits {
  std::chrono::seconds idle{std::chrono::hours{2}};
  std::chrono::seconds absolute{std::chrono::hours{12}};
};

// Not ended, and within both limits.
bool is_alive(const domain::BrowserSession& session, Instant now, const SessionLimits& limits);

// Where a sign-in comes from, for the throttle and for the person's list of sessions. Hostile text.
struct Origin {
  std::string address;
  std::string browser;  // User-Agent
};

// Whose a one-use link is, and what for: the page names the account before anything is used (abuse case 5).
struct LinkOwner {
  domain::Person person;
  domain::LinkPurpose purpose = domain::LinkPurpose::kSignIn;
};

struct SignedIn {
  domain::BrowserSession session;
  domain::Person person;
  Secret cookie;  // the session token; goes into one Set-Cookie and nowhere else
};

// A session that is alive, and its person, who is not disabled.
struct Presence {
  domain::BrowserSession session;
  domain::Person person;
  std::string csrf;     // for every form of this session
  Instant verified_at;  // as in domain::Acting

  domain::Acting acting() const { return {person.workspace, person.id, person.role, verified_at}; }
};

class SignIn {
 public:
  SignIn(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
         Random& random, IdSource& ids, SessionLimits limits = {});
  ~SignIn();

  // Throws kPermissionDenied `wrong_login`, kRateLimited with the wait.
  SignedIn with_password(WorkspaceId workspace, std::string_view login, Secret password, const Origin& from);
  // Consumes a one-use link and makes nothing else void. Throws kPermissionDenied `link_used` or `link_expired`
  // (also for who is disabled), kNotFound `bad_link`.
  SignedIn with_link(std::string_view link_token, const Origin& from);
  // Nothing when the link cannot be used (any more). Changes nothing: for the page that asks first.
  std::optional<LinkOwner> owner_of_link(std::string_view link_token) const;

  // The password again, before a sensitive act; good for domain::kFreshFor. Throttled like a sign-in. Throws
  // kPermissionDenied `wrong_password`, kRateLimited with the wait, kUnauthenticated `sign_in_needed` when the
  // session has ended meanwhile.
  void verify_again(const Presence& presence, Secret password, std::string_view address);

  // Nothing when the cookie proves no live session. Notes that it was seen; the idle limit counts from what
  // write_last_seen() wrote down.
  std::optional<Presence> present(std::string_view cookie);
  // For a job, about once a minute: one transaction for all sessions seen since the last time. Without it
  // a session ends at the idle limit after sign-in, used or not.
  void write_last_seen();
  void sign_out(const Presence& presence);

  // Synchroniser token of a session, compared in constant time.
  bool csrf_matches(const domain::BrowserSession& session, std::string_view token) const;
  // Before sign-in: a cookie value and the form token that belongs to it (login CSRF, abuse case 5).
  std::string new_visitor() const;
  std::string visitor_csrf(std::string_view visitor) const;
  bool visitor_csrf_matches(std::string_view visitor, std::string_view token) const;

 private:
  // `link` none: by password. Consumes the link in the transaction that writes the session, and looks there
  // once more whether the person may still come in.
  SignedIn begin_session(const domain::Person& person, std::string_view how, SignInLinkId link, const Origin& from);
  // The session's person has just proved again who they are.
  void note_proof(const Presence& presence, std::string_view how);
  // The link a token proves, whatever its state, and its person.
  std::optional<std::pair<domain::SignInLink, domain::Person>> prove_link(std::string_view link_token) const;
  // Sampled. Time and facts are filled in.
  void record_failure(domain::AuditEvent event, std::string_view login, std::string_view address);
  void improve_hash(domain::Person& person, const Secret& password);

  store::Store& store_;
  const crypto::KeyRing& keys_;
  PasswordWorker& passwords_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  SessionLimits limits_;
  std::unique_ptr<Throttle> throttle_;
  LastSeen last_seen_;
};

}  // namespace countersign::identity
