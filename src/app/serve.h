// Signals and the orderly end, shared by `dev` and `serve`.
#pragma once

#include <map>
#include <string>

#include "app/broker.h"
#include "app/exit_code.h"

namespace countersign::app {

// First thing in main, before any thread: SIGTERM and SIGINT are then waited for, SIGPIPE and SIGXFSZ are ignored.
void block_signals();
// One descriptor per connection: takes what the hard limit allows, before the listener reckons its cap.
void raise_descriptor_limit();
// Every variable of this process, read once before any thread could change one.
std::map<std::string, std::string> process_environment();
// Returns after SIGTERM or SIGINT and a drain of at most five seconds.
ExitCode wait_and_shut_down(Broker& broker, Log& log);

}  // namespace countersign::app
