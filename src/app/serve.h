// Signals and the orderly end, shared by `dev` and `serve`.
#pragma once

#include "app/broker.h"
#include "app/exit_code.h"

namespace countersign::app {

// First thing in main, before any thread: SIGTERM and SIGINT are then waited for, SIGPIPE and SIGXFSZ are ignored.
void block_signals();
// One descriptor per connection: takes what the hard limit allows, before the listener reckons its cap.
void raise_descriptor_limit();
// Returns after SIGTERM or SIGINT and a drain of at most five seconds.
ExitCode wait_and_shut_down(Broker& broker, Log& log);

}  // namespace countersign::app
