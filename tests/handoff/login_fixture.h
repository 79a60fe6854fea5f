// Logins with somebody who asks, somebody who is asked, and the machines they sit at.
#pragma once

#include <string>
#include <string_view>

#include "crypto/pkce.h"
#include "handoff/fixture.h"

namespace countersign::handoff {

class LoginTest : public HandoffTest {
 protected:
  static constexpr std::string_view kAgentsMachine = "203.0.113.9";
  static constexpr std::string_view kElsewhere = "198.51.100.7";
  static constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  static constexpr std::chrono::hours kMonth{24 * 30};

  static LoginOptions options(ReturnCode code = ReturnCode::kRemote) {
    LoginOptions made;
    made.workspace = support::kWorkspace;
    made.return_code = code;
    return made;
  }
  Logins with(LoginOptions wanted) { return {store, ring, grants, clock, random, ids, std::move(wanted)}; }

  static LoginRequest request(std::string_view address = kAgentsMachine) {
    return {.agent_identifier = "claude on laptop",
            .scope = "read use",
            .code_challenge = crypto::s256_challenge(Secret::copy_of(kVerifier)),
            .address = std::string(address),
            .for_program = true};
  }
  // Over MCP: nobody holds a verifier.
  static LoginRequest model_request(std::string_view address = kAgentsMachine) {
    auto asked = request(address);
    asked.code_challenge.clear();
    asked.for_program = false;
    return asked;
  }
  static Allowance allowance() { return {{domain::Scope::kRead}, kMonth}; }
  static LoginProof proof(std::string return_code = {}) { return {Secret::copy_of(kVerifier), std::move(return_code)}; }
  static std::string text(const Secret& token) { return std::string(token.reveal()); }

  void allow(const MintedLogin& minted, std::string_view address = kAgentsMachine, PersonId person = kAda) {
    logins.allow(acting(person), minted.link_token, address, allowance());
  }
  void type_code(const MintedLogin& minted, std::string_view code, std::string_view address = kElsewhere) {
    logins.open(acting(kAda), minted.link_token, address, code);
  }
  // From another machine, with the code; the return code comes back.
  std::string allow_from_elsewhere(const MintedLogin& minted) {
    type_code(minted, minted.handoff.user_code);
    allow(minted, kElsewhere);
    return card(minted, kElsewhere).return_code;
  }
  LoginCard card(const MintedLogin& minted, std::string_view address = kAgentsMachine, PersonId person = kAda) {
    return logins.look(acting(person), minted.link_token, address);
  }
  LoginState state(const MintedLogin& minted) { return logins.get(minted.session_request_id); }
  LoginStatus status(const MintedLogin& minted) { return state(minted).status; }
  domain::HandoffState machine(const MintedLogin& minted) { return state_at(stored(minted.handoff.id), clock.now()); }
  domain::Login login(const MintedLogin& minted) const {
    return store
        .read([&](const store::Snapshot& now) { return now.logins().find(support::kWorkspace, minted.handoff.id); })
        .value();
  }
  std::optional<ReleasedGrant> release(const MintedLogin& minted, std::string return_code = {}) {
    return logins.release(minted.session_request_id, proof(std::move(return_code)));
  }
  std::size_t count_agents() const {
    return store.read([](const store::Snapshot& now) { return now.agents().list(support::kWorkspace); }).size();
  }
  static std::string another(std::string code) {
    code[0] = code[0] == 'B' ? 'C' : 'B';
    return code;
  }

  Logins logins{store, ring, grants, clock, random, ids, options()};
};

}  // namespace countersign::handoff
