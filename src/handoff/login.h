// The kind `login`: an agent that has no grant asks to act for whoever says yes (create_auth_session).
//
// Anybody may ask, so asking is capped per address and in total. Nothing the asker says is believed. What makes
// a relayed link worthless is in domain/login.h; which machine asked is compared here. One file per side:
// login.cc (the asker), login_page.cc (the person), login_grant.cc (how the grant gets out). Thread-safe; what it
// keeps in memory are bounded counters, each node its own.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/acting.h"
#include "domain/handoff.h"
#include "domain/login.h"

namespace countersign::store {
class Store;
}
namespace countersign::identity {
class Grants;
}

namespace countersign::handoff {

enum class ReturnCode { kRemote, kAlways, kNever };  // when the person must carry a code back

struct LoginOptions {
  WorkspaceId workspace;  // nobody is known to the asker's side, so it cannot be read off a caller
  ReturnCode return_code = ReturnCode::kRemote;
  // The public URL names this very machine: only then do two loopback addresses mean one machine.
  bool loopback_only = false;
  // A proxy's own address is what is left when it does not say whose request it forwards: it tells nobody apart.
  std::vector<std::string> proxies;
  std::chrono::hours longest_grant{24 * 90};
  int most_per_address = 10;  // a minute, and open at once
  int most_in_all = 60;       // a minute
  std::size_t most_open = 1'000;
};

struct LoginRequest {
  std::string agent_identifier;  // empty: "An agent"
  std::string scope;             // words separated by spaces; `content_only` and `admin` are understood; empty: usual
  std::string code_challenge;    // S256; empty: none
  std::string address;
  // The program itself gets the answer (REST) and is given a verifier when it brought no challenge. Over MCP a
  // model reads the answer, so nothing secret is in it: the grant is fetched by `client connect`.
  bool for_program = false;
};

struct MintedLogin {
  domain::Handoff handoff;
  std::string session_request_id;  // 128 bits and more of it cannot be guessed; tells the state, no more
  std::string link_token;          // goes behind /h/
  std::optional<Secret> verifier;  // for_program without a challenge
};

enum class LoginStatus { kPending, kActive, kDenied, kExpired, kCancelled };
inline constexpr domain::Names<LoginStatus, 5> kLoginStatusNames{
    {"pending", "active", "denied", "expired", "cancelled"}};

struct LoginState {
  domain::Handoff handoff;
  domain::Login login;
  LoginStatus status = LoginStatus::kPending;
  bool return_code_awaited = false;           // allowed, and the code is not back yet
  std::optional<domain::Person> approved_by;  // when active
};

// The grant on its way to the program. Released again for sixty seconds or until its first use.
struct ReleasedGrant {
  domain::Agent agent;
  Secret token;
};

// What proves the right to the grant: the verifier, and the return code where one is awaited.
struct LoginProof {
  Secret verifier;
  std::string return_code;
};

// What the person looks at.
struct LoginCard {
  domain::Handoff handoff;
  domain::HandoffState state{};
  domain::Login login;
  bool type_code = false;                       // another machine asked, and the code was not typed yet
  std::vector<std::chrono::seconds> lifetimes;  // to choose from, no longer than allowed
  bool allowed = false;
  // After Allow, as long as it is good: to be carried back to the program, or given to `client connect`. A good
  // code of a completed login is always for `client connect`.
  std::string return_code;
  bool code_for_client = false;  // it is for `client connect`
};

struct Allowance {
  domain::ScopeSet scopes;  // no more than asked
  std::chrono::seconds lifetime{};
};

class LoginLimits;
class RefusalRecord;

class Logins {
 public:
  // `grants` tells whether a token has been used: then it is never shown again.
  Logins(store::Store& store, const crypto::KeyRing& keys, const identity::Grants& grants, const Clock& clock,
         Random& random, IdSource& ids, LoginOptions options);
  ~Logins();

  // --- the asker's side; nobody is known ---
  // Throws kInvalidArgument `bad_name`, `bad_scope`, `bad_code_challenge`, kRateLimited `login_cap`.
  MintedLogin mint(const LoginRequest& request) const;
  // kNotFound `unknown_auth_session` for what is none.
  LoginState get(std::string_view session_request_id) const;
  // A plain look (no wait) that comes before the interval is over: kRateLimited `slow_down`, and the interval
  // grows by five seconds (RFC 8628 section 3.5). Sticky ends are told to anybody at any pace.
  void keep_pace(const LoginState& state) const;
  std::chrono::seconds interval_of(HandoffId id) const;
  // The return code came back: opened and allowed ▸ completed. Throws kPermissionDenied `wrong_return_code`, after
  // five of which the handoff is locked. Where none is awaited nothing happens: the state is the answer.
  LoginState return_code(std::string_view session_request_id, std::string_view code) const;
  // With the verifier of the program that asked. Nothing while it is not active. Throws kPermissionDenied
  // `wrong_verifier`, `wrong_return_code`, `owner_disabled`, kConflict `grant_released` (too late, or used).
  std::optional<ReleasedGrant> release(std::string_view session_request_id, const LoginProof& proof) const;
  // `countersign client connect CODE`, for a login whose asker can prove nothing; it also brings the return code
  // back. Throws kNotFound `unknown_code` (also for a used or expired one), kRateLimited `code_cap` (per address
  // and in all), kPermissionDenied `owner_disabled`.
  ReleasedGrant connect(std::string_view code, std::string_view address) const;
  // By whoever holds the id: the asker gives up. Throws kConflict with the state as reason.
  LoginState cancel(std::string_view session_request_id) const;

  // --- the person's side; the subject is whoever continues first ---
  // `address` is the browser's. From another machine than the asker's the code is demanded, whichever step comes
  // from there. Throws kNotFound `unknown_handoff`, kPermissionDenied `not_yours`.
  LoginCard look(const domain::Acting& acting, std::string_view link_token, std::string_view address) const;
  // Continue, with the code where one is demanded: pending ▸ opened. Throws kPermissionDenied `wrong_user_code`
  // (five: locked), kConflict with the state as reason.
  void open(const domain::Acting& acting, std::string_view link_token, std::string_view address,
            std::string_view typed_code) const;
  // Also from pending, where no code is demanded. Throws kPermissionDenied `step_up_needed`, `user_code_needed`,
  // kInvalidArgument `bad_scope` (more than asked, or nothing) or `bad_lifetime`, kConflict `login_allowed`.
  void allow(const domain::Acting& acting, std::string_view link_token, std::string_view address,
             const Allowance& allowance) const;
  void deny(const domain::Acting& acting, std::string_view link_token) const;

  // For a job, now and then: forgets what strangers left behind.
  void prune() const;

 private:
  struct Row;  // a handoff and its login
  std::optional<Row> find(WorkspaceId workspace, HandoffId id) const;
  Row find_session(std::string_view session_request_id) const;
  Row find_mine(const domain::Acting& acting, std::string_view link_token) const;
  LoginState state_of(Row row) const;
  bool asks_for_code(const domain::Login& login, std::string_view address) const;
  std::vector<std::chrono::seconds> lifetimes() const;
  Row bring_back(Row row, std::string_view code) const;
  void prove(const Row& row, const Secret& verifier) const;
  std::optional<ReleasedGrant> hand_out(const Row& row) const;
  std::optional<ReleasedGrant> hand_out_again(const domain::Login& login) const;

  store::Store& store_;
  const crypto::KeyRing& keys_;
  const identity::Grants& grants_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  const LoginOptions options_;
  std::unique_ptr<LoginLimits> limits_;
  std::unique_ptr<RefusalRecord> refusals_;
};

}  // namespace countersign::handoff
