// Keeps the process's memory out of core dumps, debuggers of the same user, and swap.
#pragma once

namespace countersign::crypto {

struct Hardening {
  bool core_dumps_off = false;  // also: no ptrace and no /proc/<pid>/mem by the same user
  bool memory_locked =
      false;  // false without CAP_IPC_LOCK and with a finite RLIMIT_MEMLOCK; keys still are, one by one
};

// Once in main, before keys are read. Never throws: what could not be had is said in the result, for the log.
Hardening harden_process();

}  // namespace countersign::crypto
