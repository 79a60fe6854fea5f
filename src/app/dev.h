// `countersign dev`: a broker for one person on one machine, with nothing to configure. Makes its own master
// key, owner and agent once, keeps them between runs, prints what is needed to begin.
#pragma once

#include <filesystem>

#include "app/config.h"
#include "app/exit_code.h"
#include "base/log.h"

namespace countersign::app {

struct DevOptions {
  Config config;
  bool ephemeral = false;
  std::filesystem::path ready_file;       // empty: none
  std::filesystem::path admin_link_file;  // empty: none
};

// Serves until SIGTERM or SIGINT. Throws Error.
ExitCode run_dev(DevOptions options, Log& log);
// `countersign serve`: the same without any convenience.
ExitCode run_serve(Config config, const std::filesystem::path& ready_file, Log& log);

}  // namespace countersign::app
