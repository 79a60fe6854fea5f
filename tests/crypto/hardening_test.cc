#include "crypto/hardening.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace countersign::crypto {
namespace {

// In a child, because what it sets cannot be taken back. Bit 0: undumpable, 1: no core limit, 2: it said so,
// 3: a large allocation still works.
int hardened_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    const Hardening done = harden_process();
    rlimit core{1, 1};
    ::getrlimit(RLIMIT_CORE, &core);
    const std::vector<char> large(std::size_t{64} << 20, 'x');
    ::_exit((::prctl(PR_GET_DUMPABLE) == 0 ? 1 : 0) | (core.rlim_cur == 0 && core.rlim_max == 0 ? 2 : 0) |
            (done.core_dumps_off ? 4 : 0) | (large.back() == 'x' ? 8 : 0));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Hardening, LeavesNoWayToDumpAndKeepsTheProcessWorking) {
  ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  EXPECT_EQ(hardened_child(), 15);
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
}

}  // namespace
}  // namespace countersign::crypto
