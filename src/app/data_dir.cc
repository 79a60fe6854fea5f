#include "app/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"

namespace countersign::app {
namespace {

Error unwritable(const std::filesystem::path& dir, int error) {
  return Error(ErrorCode::kUnavailable, "data_unwritable",
               "The data directory " + dir.string() + " cannot be written: " + std::strerror(error) +
                   ". Choose another with --data-dir, or mend its permissions. Nothing was touched.");
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::filesystem::path user_data_dir() {
  if (const std::string data = environment("XDG_DATA_HOME"); data.starts_with('/')) {
    return std::filesystem::path(data) / "countersign";
  }
  const std::string home = environment("HOME");
  if (home.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "data_unwritable",
                "Neither HOME nor XDG_DATA_HOME is set: say where to keep data with --data-dir.");
  }
  return std::filesystem::path(home) / ".local/share/countersign";
}

std::filesystem::path make_ephemeral_dir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "countersign-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw unwritable(pattern, errno);
  return pattern;
}

void prepare_data_dir(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir.parent_path(), error);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) throw unwritable(dir, errno);
  struct stat status {};
  if (::stat(dir.c_str(), &status) != 0) throw unwritable(dir, errno);
  if (!S_ISDIR(status.st_mode)) throw unwritable(dir, ENOTDIR);
  if (::access(dir.c_str(), R_OK | W_OK | X_OK) != 0) throw unwritable(dir, errno);
}

}  // namespace countersign::app
