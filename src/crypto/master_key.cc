#include "crypto/master_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/wipe.h"
#include "crypto/mac.h"
#include "crypto/seal.h"

namespace countersign::crypto {
namespace {

constexpr std::string_view kLabel = "countersign-kek-1:";
constexpr std::size_t kKeyText = 43;
constexpr std::size_t kLine = kLabel.size() + kKeyText;  // without the newline
constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

// The file's content on the stack, overwritten whichever way the scope is left.
struct Line {
  std::array<char, kLine + 2> bytes{};  // a newline, and one more byte to see that there is more
  std::size_t size = 0;

  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { base::wipe(bytes.data(), bytes.size()); }
  std::string_view text() const { return {bytes.data(), size}; }
};

class File {
 public:
  File(const std::filesystem::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string system_message(int number) { return std::generic_category().message(number); }

[[noreturn]] void refuse(std::string_view reason, const std::filesystem::path& path, std::string_view why) {
  throw Error(ErrorCode::kInvalidArgument, reason, "The master key file " + path.string() + " " + std::string(why));
}

void check_access(const File& file, const std::filesystem::path& path, MasterKeySource source) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) {
    refuse("master_key_unreadable", path, "cannot be examined: " + system_message(errno) + ".");
  }
  if (!S_ISREG(status.st_mode)) refuse("master_key_unreadable", path, "is not a regular file.");
  const bool credential = source == MasterKeySource::kSystemdCredential;
  if (status.st_uid != ::geteuid() && !(credential && status.st_uid == 0)) {
    refuse("master_key_permissions", path, "belongs to another user; chown it to the user that runs countersign.");
  }
  const mode_t forbidden = credential ? 0137 : 0177;
  if ((status.st_mode & forbidden) != 0) {
    refuse("master_key_permissions", path, "can be read or changed by other users; chmod it to 0600.");
  }
}

void read_line(const File& file, const std::filesystem::path& path, Line& line) {
  while (line.size < line.bytes.size()) {
    const ssize_t count = ::read(file.descriptor(), line.bytes.data() + line.size, line.bytes.size() - line.size);
    if (count == 0) return;
    if (count > 0) {
      line.size += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      refuse("master_key_unreadable", path, "cannot be read: " + system_message(errno) + ".");
    }
  }
}

Key decode(const Line& line, const std::filesystem::path& path) {
  std::string_view text = line.text();
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::array<std::byte, Key::kSize> bytes{};
  std::size_t length = 0;
  const bool valid = text.size() == kLine && text.starts_with(kLabel) &&
                     sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                       text.data() + kLabel.size(), kKeyText, nullptr, &length, nullptr, kBase64) == 0;
  if (!valid || length != bytes.size()) {
    base::wipe(bytes.data(), bytes.size());
    refuse("master_key_malformed", path,
           "is not a master key: it must hold one line, \"" + std::string(kLabel) + "\" and 43 base64url characters.");
  }
  Key key = Key::copy_of(bytes);
  base::wipe(bytes.data(), bytes.size());
  return key;
}

void encode(const Key& key, Line& line) {
  char* const text = std::copy(kLabel.begin(), kLabel.end(), line.bytes.data());
  sodium_bin2base64(text, kKeyText + 1, reinterpret_cast<const unsigned char*>(key.reveal().data()), Key::kSize,
                    kBase64);
  text[kKeyText] = '\n';  // where the encoder put a NUL
  line.size = kLine + 1;
}

[[noreturn]] void fail_write(const std::filesystem::path& path, int number) {
  throw Error(ErrorCode::kUnavailable, "master_key_unwritable",
              "The master key file " + path.string() + " cannot be written: " + system_message(number) + ".");
}

void write_and_sync(const std::filesystem::path& path, const Line& line) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file) fail_write(path, errno);
  // One write: a regular file takes 62 bytes whole or the disk is full.
  const ssize_t count = ::write(file.descriptor(), line.bytes.data(), line.size);
  const bool whole = count == static_cast<ssize_t>(line.size);
  if (!whole || ::fchmod(file.descriptor(), 0600) != 0 || ::fsync(file.descriptor()) != 0) {
    const int number = count >= 0 && !whole ? ENOSPC : errno;
    ::unlink(path.c_str());
    fail_write(path, number);
  }
}

void sync_folder(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const File file(folder, O_RDONLY | O_DIRECTORY);
  if (!file || ::fsync(file.descriptor()) != 0) fail_write(path, errno);
}

// link() refuses to replace, rename() would not.
void publish(const std::filesystem::path& draft, const std::filesystem::path& path) {
  const int number = ::link(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(draft.c_str());
  if (number == EEXIST) {
    throw Error(ErrorCode::kConflict, "master_key_exists",
                "The master key file " + path.string() + " exists already and is left as it is.");
  }
  if (number != 0) fail_write(path, number);
}

}  // namespace

MasterKey::MasterKey(Key key)
    : id_(hex(mac(key, {"master key id"})).substr(0, 16)), wrapping_(key.derive("master key", "wrap")) {}

std::string MasterKey::wrap(const Key& key, std::string_view associated_data, Random& random) const {
  return seal(wrapping_, Secret::copy_of(as_text(key.reveal())), associated_data, random);
}

std::optional<Key> MasterKey::unwrap(std::string_view wrapped, std::string_view associated_data) const {
  const auto plain = open(wrapping_, wrapped, associated_data);
  if (!plain || plain->size() != Key::kSize) return std::nullopt;
  return Key::copy_of(as_bytes(plain->reveal()).first<Key::kSize>());
}

MasterKey load_master_key(const std::filesystem::path& path, MasterKeySource source) {
  // O_NONBLOCK: a FIFO in its place must not hang the start.
  const File file(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (!file && errno == ENOENT) {
    refuse("master_key_missing", path,
           "does not exist; restore it from its backup, the data cannot be opened without.");
  }
  if (!file) refuse("master_key_unreadable", path, "cannot be opened: " + system_message(errno) + ".");
  check_access(file, path, source);
  Line line;
  read_line(file, path, line);
  return MasterKey(decode(line, path));
}

MasterKey create_master_key_file(const std::filesystem::path& path, Random& random) {
  std::array<std::byte, 8> suffix{};
  random.fill(suffix);
  const std::filesystem::path draft = path.string() + "." + hex(suffix) + ".new";
  Key key = Key::random(random);
  Line line;
  encode(key, line);
  write_and_sync(draft, line);
  publish(draft, path);
  sync_folder(path);
  return MasterKey(std::move(key));
}

}  // namespace countersign::crypto
