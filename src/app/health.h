// `countersign health`: asks a running broker's ops listener whether it is ready. For a container's HEALTHCHECK
// and for scripts; it needs no data directory and no key.
#pragma once

#include <string>

#include "app/config.h"
#include "app/exit_code.h"

namespace countersign::app {

// The ops listener of a broker with this configuration, as this machine calls it: "http://127.0.0.1:7118".
std::string ops_url_of(const Config& config);

// GET <ops_url>/readyz. kOk when it is ready; otherwise kFailed, and standard error says why. Throws
// kUpstream when the broker cannot be asked. Plain http goes to loopback alone.
ExitCode check_health(const std::string& ops_url);

}  // namespace countersign::app
