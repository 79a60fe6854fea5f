#include "catalog/operator_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "catalog/json_object.h"

namespace countersign::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 2000;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  const int number_;
};

std::string reason(int error) { return std::generic_category().message(error); }

bool is_integration_file(std::string_view name) { return name.ends_with(".json") && !name.starts_with('.'); }

// Where it leads, links followed; the folders on the way are part of the answer.
fs::path real_path(const fs::path& path, std::string_view name) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  if (error) throw bad_integration(name, "", "cannot be read: " + error.message());
  return real;
}

bool is_below(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

std::string read_all(int file, std::string_view name) {
  std::string text(kLargestFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw bad_integration(name, "", "cannot be read: " + reason(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kLargestFile) throw bad_integration(name, "", "is larger than 256 KiB");
  text.resize(size);
  return text;
}

std::string times_of(const struct stat& file) {
  std::string text;
  for (const timespec& time : {file.st_mtim, file.st_ctim}) {
    text += std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec) + " ";
  }
  return text;
}

std::string look_of(const fs::path& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return reason(errno);
  return std::to_string(file.st_dev) + " " + std::to_string(file.st_ino) + " " + std::to_string(file.st_mode) + " " +
         std::to_string(file.st_size) + " " + times_of(file);
}

}  // namespace

OperatorFolder::Listing OperatorFolder::list() const {
  Listing found;
  std::error_code error;
  for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!is_integration_file(name)) continue;
    if (found.names.size() == kMostFiles) return {{}, "has more than 2000 integration files"};
    found.names.push_back(std::move(name));
  }
  if (error) return {{}, "cannot be read: " + error.message()};
  std::sort(found.names.begin(), found.names.end());
  return found;
}

std::string OperatorFolder::look() const {
  const Listing found = list();
  std::string text = found.problem;
  for (const std::string& name : found.names) text += name + '\0' + look_of(path_ / name) + '\n';
  return text;
}

std::string OperatorFolder::read_file(const std::string& name) const {
  const fs::path real = real_path(path_ / name, name);
  if (!is_below(real, real_path(path_, path_.string()))) {
    throw bad_integration(name, "", "is a symbolic link that leads out of the folder");
  }
  // Not blocking, or a pipe would hold the program until somebody writes into it.
  const Descriptor file(::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.number() < 0) throw bad_integration(name, "", "cannot be read: " + reason(errno));
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    throw bad_integration(name, "", "is no regular file");
  }
  return read_all(file.number(), name);
}

void OperatorFolder::read(const std::function<void(const std::string& name, const std::string& text)>& take) const {
  const Listing found = list();
  if (!found.problem.empty()) throw bad_integration(path_.string(), "", found.problem);
  for (const std::string& name : found.names) take(name, read_file(name));
}

}  // namespace countersign::catalog
