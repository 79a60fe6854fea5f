// Takes an integration file into the operator's folder, once it is known to be good. A running broker reads the
// folder again by itself.
#pragma once

#include <filesystem>
#include <string>

#include "catalog/catalog.h"

namespace countersign::app {

enum class Existing { kRefuse, kReplace };

struct AddedIntegration {
  std::string slug;
  std::filesystem::path path;  // where it stands now
  bool replaced_file = false;
};

// Throws `bad_integration` naming the place in `file`, kNotFound `file_unreadable`, kConflict `integration_exists`
// (with Existing::kRefuse) and `data_unwritable`. Nothing is written unless all is well.
AddedIntegration add_integration(const std::filesystem::path& folder, const std::filesystem::path& file,
                                 catalog::Targets targets, Existing existing);

}  // namespace countersign::app
