// The side record of a handoff of kind kLogin: an agent without a grant asks to act for whoever says yes.
// Pure. The handoff has the state; this has what is asked, what was decided, and how the grant gets out.
//
// Minted by nobody we know, so nothing here is believed: not the name, and the address only as a hint. What
// protects the person who allows it (DESIGN 3.1, 8.4): asked from another machine, the person types the code
// that the agent shows, and the grant is released only after the person has carried a one-use return code
// back to the program that asked. A relayed link wins nothing, with the code or without.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/scope.h"

namespace countersign::domain {

struct Login {
  HandoffId handoff;
  WorkspaceId workspace;
  std::string agent_identifier;  // the asker's own words, unverified
  ScopeSet asked;
  std::string asked_from;      // client address
  std::string code_challenge;  // S256 (RFC 7636); empty: we gave the verifier, or the way out is the return code
  bool verifier_held = false;  // the program that asked can prove itself; false: `client connect` fetches the grant
  bool remote = false;         // asked from another machine than the person's, who has typed the code
  int wrong_codes = 0;         // typed or returned

  // The person's decision; the handoff stays `opened` until a demanded return code is back.
  ScopeSet granted;
  std::chrono::seconds lifetime{};
  Instant allowed_at;            // epoch: not yet
  std::string return_code_hash;  // keyed; unique

  AgentId grant;  // made when it is first released
  Instant released_at;
};

inline constexpr int kMostWrongCodes = 5;
// A grant that was allowed and is not fetched by then is never made.
inline constexpr std::chrono::minutes kFetchWithin{10};
// An answer may get lost: for so long the same grant is released again, unless it has been used.
inline constexpr std::chrono::seconds kReleasedAgainFor{60};

}  // namespace countersign::domain
