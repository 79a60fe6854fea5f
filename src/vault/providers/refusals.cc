#include "vault/providers/refusals.h"

#include <utility>

namespace countersign::vault {

Error bad_setting(std::string_view setting, std::string_view why) {
  return Error(ErrorCode::kInvalidArgument, "bad_config",
               "providers." + std::string(setting) + " " + std::string(why) + ".");
}

Error unknown_item(std::string_view provider) {
  return Error(ErrorCode::kNotFound, "unknown_provider_item",
               "The provider " + std::string(provider) + " has no such item now, or it is empty.")
      .recovery("providers.items");
}

Error item_not_allowed(std::string_view provider, std::string_view why) {
  return Error(ErrorCode::kPermissionDenied, "item_not_allowed",
               "This item of the provider " + std::string(provider) + " may not be used: it " + std::string(why) + ".");
}

Error provider_failed(std::string_view provider, std::string_view what, std::string detail) {
  return Error(ErrorCode::kUpstream, "provider_failed",
               "The provider " + std::string(provider) + " " + std::string(what) + ". Ask an admin to look at it.",
               std::move(detail));
}

}  // namespace countersign::vault
