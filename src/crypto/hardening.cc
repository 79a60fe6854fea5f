#include "crypto/hardening.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace countersign::crypto {
namespace {

bool stop_core_dumps() {
  const rlimit none{0, 0};
  const bool limited = setrlimit(RLIMIT_CORE, &none) == 0;
  // A core_pattern that is a pipe ignores the limit; this one it does not.
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limited;
}

bool has_ipc_lock() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  return syscall(SYS_capget, &header, data.data()) == 0 && (data[0].effective & (1U << CAP_IPC_LOCK)) != 0;
}

// Locking everything under a finite limit would make a later allocation fail: only without one.
bool may_lock_all() {
  rlimit limit{};
  return has_ipc_lock() || (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

}  // namespace

Hardening harden_process() {
  Hardening done;
  done.core_dumps_off = stop_core_dumps();
  // ONFAULT: pages are locked when touched, so that untouched stacks and arenas cost nothing.
  done.memory_locked = may_lock_all() && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
  return done;
}

}  // namespace countersign::crypto
