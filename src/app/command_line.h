// The command line: parses it and runs the one command it names.
#pragma once

namespace countersign::app {

// The process's exit code. Never throws; what went wrong is said on standard error.
int run_command_line(int argc, char** argv);

}  // namespace countersign::app
