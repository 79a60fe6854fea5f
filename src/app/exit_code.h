// The program's exit codes: fixed, documented in docs/errors.md, so that a supervisor can tell what heals
// by a restart from what does not.
#pragma once

#include "base/error.h"

namespace countersign::app {

enum class ExitCode {
  kOk = 0,
  kFailed = 1,               // anything without a code of its own
  kUsage = 2,                // the command line is wrong
  kBadConfig = 3,            // the configuration file is wrong
  kAddressInUse = 4,         // or not ours to listen on
  kDataUnwritable = 5,       // the data directory or the database cannot be written
  kMasterKey = 6,            // missing, unreadable, or not the one that seals this database
  kSchemaTooNew = 7,         // the database was written by a newer program
  kCorrupt = 8,              // the database is damaged; nothing was touched
  kInUse = 9,                // another process has the data directory
  kVerificationFailed = 10,  // audit verify found something
};

ExitCode exit_code_of(const Error& error);

}  // namespace countersign::app
