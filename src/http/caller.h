// Who stands behind a request, as plain numbers: http knows nothing of people and agents. The web layer's
// Authenticator fills it from identity, the web layer's doors turn it back into strong ids.
#pragma once

#include <cstdint>
#include <string>

namespace countersign::http {

struct Caller {
  enum class Kind { kNobody, kAgent, kPerson };
  Kind kind = Kind::kNobody;
  std::int64_t workspace = 0;
  std::int64_t id = 0;           // agent or person
  std::int64_t session = 0;      // browser session of a person
  std::int64_t owner = 0;        // an agent's owner; 0 for a grant owned by the workspace
  int role = 0;                  // a person's, in identity's order
  std::uint32_t scopes = 0;      // an agent's, as domain::ScopeSet bits
  int writes_per_minute = 0;     // an agent's own cap; 0: the server's
  std::int64_t verified_at = 0;  // a person's last proof of identity, milliseconds
  std::string csrf;              // to be put into every form of this session
};

}  // namespace countersign::http
