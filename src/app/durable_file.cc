#include "app/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace countersign::app {
namespace {

Error unwritable(const std::filesystem::path& path) {
  return Error(ErrorCode::kUnavailable, "data_unwritable",
               "Cannot write " + path.string() + ": " + std::strerror(errno) + ".");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw unwritable(path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void replace_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  const std::filesystem::path temporary = path.string() + ".new";
  ::unlink(temporary.c_str());  // of an earlier crash; O_EXCL then refuses a planted link
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (file.get() < 0) throw unwritable(path);
    write_all(file.get(), bytes, path);
    if (::fsync(file.get()) != 0) throw unwritable(path);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) throw unwritable(path);
  const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) throw unwritable(path);
}

}  // namespace countersign::app
