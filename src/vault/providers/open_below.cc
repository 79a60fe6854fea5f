#include "vault/providers/open_below.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/encoding.h"

namespace countersign::vault {
namespace {

// Not blocking, or a pipe would hold the caller until somebody writes into it.
constexpr int kOpenFile = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;

std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= path.size() && names.size() <= kDeepestPath;) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    names.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

Opened opened(long number) {
  const int error = number < 0 ? errno : 0;
  return {Descriptor(static_cast<int>(number)), error};
}

Opened open_in_one_call(const Descriptor& directory, const std::string& path) {
  open_how how{};
  how.flags = kOpenFile;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  constexpr int kTries = 8;  // EAGAIN: something was renamed meanwhile
  Opened result;
  for (int i = 0; i < kTries; ++i) {
    result = opened(::syscall(SYS_openat2, directory.number(), path.c_str(), &how, sizeof how));
    if (result.error != EAGAIN) break;
  }
  return result;
}

// A folder on the way: O_PATH opens a link as the link it is, which is then refused like the other walk does.
Opened open_folder(int parent, const std::string& name) {
  Opened folder = opened(::openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  if (!folder.file) return folder;
  if (::fstat(folder.file.number(), &facts) != 0) return opened(-1);
  if (S_ISLNK(facts.st_mode)) return {Descriptor(), ELOOP};
  return folder;
}

Opened open_step_by_step(const Descriptor& directory, const std::string& path) {
  const auto names = names_of(path);
  Opened at;
  int parent = directory.number();
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    at = open_folder(parent, names[i]);
    if (!at.file) return at;
    parent = at.file.number();
  }
  return opened(::openat(parent, names.back().c_str(), kOpenFile));
}

}  // namespace

bool is_visible_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && is_utf8(name) &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// An absolute path has an empty name at its beginning.
bool is_path_below(std::string_view path) {
  const auto names = names_of(path);
  return path.size() <= kLongestPath && names.size() <= kDeepestPath &&
         std::all_of(names.begin(), names.end(), is_visible_name);
}

Opened open_below(const Descriptor& directory, const std::string& path, FileWalk walk) {
  if (walk == FileWalk::kInOneCall) {
    Opened file = open_in_one_call(directory, path);
    // EPERM is how a sandbox says that it does not know the call; opening for reading has no use for it.
    if (file.error != ENOSYS && file.error != EPERM) return file;
  }
  return open_step_by_step(directory, path);
}

}  // namespace countersign::vault
