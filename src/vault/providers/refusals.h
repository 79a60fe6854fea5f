// The words in which every provider says no. None takes a value, and no item's name is repeated: what throws
// here may reach an agent. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace countersign::vault {

// kInvalidArgument `bad_config`: the configuration asks for what no provider may be.
Error bad_setting(std::string_view setting, std::string_view why);
// kNotFound `unknown_provider_item`.
Error unknown_item(std::string_view provider);
// kPermissionDenied `item_not_allowed`. `why` goes on from "it ": "is not a regular file".
Error item_not_allowed(std::string_view provider, std::string_view why);
// kUpstream `provider_failed`. `what` goes on from the provider's name; `detail` is for the log.
Error provider_failed(std::string_view provider, std::string_view what, std::string detail);

}  // namespace countersign::vault
