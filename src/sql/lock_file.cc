#include "sql/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace countersign::sql {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return pid.empty() ? "another process" : "process " + pid.substr(0, pid.find('\n'));
}

}  // namespace

LockFile::LockFile(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) {
    throw Error(ErrorCode::kUnavailable, "storage_unavailable", "Cannot write in the data directory.",
                path + ": " + std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string why = held ? holder_of(descriptor_) : std::strerror(errno);
    ::close(descriptor_);
    if (!held) throw Error(ErrorCode::kUnavailable, "storage_unavailable", "Cannot lock the data directory.", why);
    throw Error(ErrorCode::kUnavailable, "in_use", "The data directory is in use by " + why + ".", path);
  }
  // The lock is what counts; a file that cannot take the number only makes the refusal less helpful.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) errno = 0;
}

// The file stays: removing it would let a waiting process lock a file that nobody else can see.
LockFile::~LockFile() { ::close(descriptor_); }

}  // namespace countersign::sql
