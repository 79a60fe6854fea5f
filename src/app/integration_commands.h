// `countersign integration`: what the catalogue holds, how a file gets into it, and whether it says what its provider
// does. Needs no database and no key, and works beside a running broker.
#pragma once

#include <filesystem>
#include <string>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_code.h"
#include "app/integration_files.h"

namespace countersign::app {

enum class Ask { kNobody, kProvider };

// Configured with a data folder it is the catalogue of `serve`, else that of `dev`. Each throws `bad_integration` for
// a file in the folder that is wrong.
ExitCode integration_list(const Config& config, Output output);
ExitCode integration_add(const Config& config, const std::filesystem::path& file, Existing existing);
// kFailed when the provider's metadata says otherwise than the file, or could not be read.
ExitCode integration_test(const Config& config, const std::string& slug, Ask ask, Output output);

}  // namespace countersign::app
