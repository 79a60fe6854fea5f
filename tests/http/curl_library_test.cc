// libcurl comes with the first call to a provider: a broker that calls nobody does not carry it.
#include "http/curl_library.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace countersign::http {
namespace {

bool is_mapped(const std::string& library) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(library) != std::string::npos) return true;
  }
  return false;
}

[[noreturn]] void load_between_two_looks() {
  const bool before = is_mapped("/libcurl.so");
  curl();
  ::_exit(!before && is_mapped("/libcurl.so") ? 0 : 1);
}

TEST(CurlLibraryDeathTest, ComesWithTheFirstCallAndNotBefore) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // in a new process: in this one another test may have called out
  EXPECT_EXIT(load_between_two_looks(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace countersign::http
