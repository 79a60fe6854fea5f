// Tries a credential out with the harmless read that its template names. Thread-safe; blocks on the network.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "domain/integration.h"
#include "http/client.h"
#include "vault/vault.h"

namespace countersign::vault {

struct Works {
  std::string account;  // the provider's own words for whose it is, cut; hostile text; may be empty
};
struct RefusedByProvider {
  int status = 0;
};
struct CouldNotAsk {
  std::string why;  // a sentence without anything of the credential
};
using Checked = std::variant<Works, RefusedByProvider, CouldNotAsk>;

// 2xx: works. 401 and 403: refused. Everything else, time-outs and malformed answers included: could not ask.
// Throws nothing for what the network does; as place() for a credential that cannot be sent, and as
// http::Client for a URL that may not be called.
Checked live_check(http::Client& client, const domain::Integration& integration, const domain::AuthTemplate& form,
                   std::string_view base_url, const Fields& secrets,
                   const std::vector<std::pair<std::string, std::string>>& plain);

}  // namespace countersign::vault
