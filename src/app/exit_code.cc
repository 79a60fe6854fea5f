#include "app/exit_code.h"

#include <array>
#include <string_view>
#include <utility>

namespace countersign::app {

ExitCode exit_code_of(const Error& error) {
  constexpr std::array<std::pair<std::string_view, ExitCode>, 20> kByReason{{
      {"bad_config", ExitCode::kBadConfig},
      {"bad_integration", ExitCode::kBadConfig},
      {"address_in_use", ExitCode::kAddressInUse},
      {"bad_address", ExitCode::kAddressInUse},
      {"data_unwritable", ExitCode::kDataUnwritable},
      {"storage_unavailable", ExitCode::kDataUnwritable},
      {"output_unwritable", ExitCode::kDataUnwritable},
      {"wrong_master_key", ExitCode::kMasterKey},
      {"damaged_key", ExitCode::kMasterKey},
      {"master_key_missing", ExitCode::kMasterKey},
      {"master_key_lost", ExitCode::kMasterKey},
      {"master_key_unreadable", ExitCode::kMasterKey},
      {"master_key_permissions", ExitCode::kMasterKey},
      {"master_key_malformed", ExitCode::kMasterKey},
      {"master_key_unwritable", ExitCode::kDataUnwritable},
      {"schema_too_new", ExitCode::kSchemaTooNew},
      {"corrupt", ExitCode::kCorrupt},
      {"in_use", ExitCode::kInUse},
      {"audit_rolled_back", ExitCode::kVerificationFailed},
      {"checkpoint_forged", ExitCode::kVerificationFailed},
  }};
  for (const auto& [reason, code] : kByReason) {
    if (error.reason() == reason) return code;
  }
  return ExitCode::kFailed;
}

}  // namespace countersign::app
