// People, how they prove who they are, and the browser sessions that follow. Thread-safe.
//
// Failures look the same for known and unknown logins, in words, in time and in size. Throttling slows an
// attacker without locking the owner out: it is per address and per login together, and a one-use link from
// the command line always works (abuse case 95).
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
#include "domain/people.h"
#include "identity/last_seen.h"
#include "identity/password_worker.h"
#include "store/store.h"

namespace countersign::identity {

struct SessionLimits {
  std::chrono::seconds idle{std::chrono::hours{2}};
  std::chrono::seconds absolute{std::chrono::hours{12}};
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
  std::string csrf;  // for every form of this session
};

class SignIn {
 public:
  SignIn(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
         Random& random, IdSource& ids, SessionLimits limits = {});
  ~SignIn();

  // Throws kPermissionDenied `wrong_login`, kRateLimited with the wait.
  SignedIn with_password(WorkspaceId workspace, std::string_view login, Secret password, std::string_view address);
  // Consumes a one-use link. Throws kPermissionDenied `link_used` or `link_expired`, kNotFound `bad_link`.
  SignedIn with_link(std::string_view link_token);
  // Whether a link could still be used: for the page that asks before it is consumed. Changes nothing.
  bool link_usable(std::string_view link_token) const;

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
  // `link` none: by password. Consumes the link in the transaction that writes the session.
  SignedIn begin_session(const domain::Person& person, std::string_view how, SignInLinkId link);
  // The link a token proves, whatever its state, and its person.
  std::optional<std::pair<domain::SignInLink, domain::Person>> prove_link(std::string_view link_token) const;
  void record_failure(WorkspaceId workspace, const std::optional<domain::Person>& person, std::string_view login,
                      std::string_view address);
  void improve_hash(const domain::Person& person, const Secret& password);

  class Throttle;
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
