// Signals and the orderly end, shared by `dev` and `serve`.
#pragma once

#include "app/broker.h"
#include "app/exit_code.h"

namespace countersign::app {

// First thing in main, before any thread: SIGTERM and SIGINT are then waited for, SIGPIPE is ignored.
void block_signals();
// Returns after SIGTERM or SIGINT and a drain of at most five seconds.
ExitCode wait_and_shut_down(Broker& broker, Log& log);

}  // namespace countersign::app
