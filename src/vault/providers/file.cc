// The provider `file`: regular files below one directory.
//
// Whoever may write into that directory is not trusted: links, pipes and hard links to what is ours may appear
// in it at any time. So each use opens the file without following a link, and judges what is open, not its name.
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "vault/providers.h"
#include "vault/providers/open_below.h"
#include "vault/providers/own_files.h"
#include "vault/providers/refusals.h"
#include "vault/providers/small_file.h"

namespace countersign::vault {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "file";
constexpr std::size_t kLargest = 64 * 1024;
constexpr std::size_t kMostItems = 1000;
constexpr std::size_t kMostLookedAt = 10'000;

Error unreadable(int error) {
  return provider_failed(kName, "cannot read what was asked for", std::generic_category().message(error));
}

Error refusal_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      return unknown_item(kName);
    case ELOOP:
    case EXDEV:
      return item_not_allowed(kName, "is a symbolic link, or behind one");
    case ENXIO:  // a socket, or a device that is not there
      return item_not_allowed(kName, "is not a regular file");
    default:
      return unreadable(error);
  }
}

// Empty: nothing is wrong with it.
std::string_view problem_with(const FileFacts& facts, const Inodes& ours) {
  if (!S_ISREG(facts.st_mode)) return "is not a regular file";
  if (ours.contains(inode_of(facts))) return "belongs to this server itself";
  if ((facts.st_mode & S_IWOTH) != 0) return "can be changed by anybody on the machine; chmod o-w it";
  if (facts.st_size > static_cast<off_t>(kLargest)) return "is larger than 64 KiB";
  return {};
}

// Regular files of the kernel's, among them our own environment and memory.
bool is_in_proc(const Descriptor& file) {
  struct ::statfs system {};
  return ::fstatfs(file.number(), &system) != 0 || system.f_type == PROC_SUPER_MAGIC;
}

class Folder {
 public:
  explicit Folder(Descriptor folder) : stream_(::fdopendir(folder.number())) {
    if (stream_ != nullptr) (void)folder.release();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (stream_ != nullptr) ::closedir(stream_);
  }
  int number() const { return ::dirfd(stream_); }

  // Sorted; hidden ones left out. Looks at no more than `budget` entries, which it counts down.
  std::vector<std::string> names(std::size_t& budget) {
    std::vector<std::string> found;
    if (stream_ == nullptr) return found;
    for (const dirent* entry = nullptr; budget > 0 && (entry = ::readdir(stream_)) != nullptr; --budget) {
      if (is_visible_name(entry->d_name)) found.emplace_back(entry->d_name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  DIR* const stream_;
};

// What one look through the directory has found so far.
struct Listing {
  const Inodes ours;
  std::size_t budget = kMostLookedAt;
  std::vector<ProviderItem> items = {};
};

void list_below(Listing& listing, Descriptor directory, const std::string& above, std::size_t depth) {
  Folder folder(std::move(directory));
  for (const std::string& name : folder.names(listing.budget)) {
    FileFacts facts{};
    if (listing.items.size() == kMostItems) return;
    if (::fstatat(folder.number(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::string item = above + name;
    if (S_ISDIR(facts.st_mode) && depth < kDeepestPath) {
      Descriptor below(::openat(folder.number(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (below) list_below(listing, std::move(below), item + "/", depth + 1);
    } else if (facts.st_size > 0 && item.size() <= kLongestPath && problem_with(facts, listing.ours).empty()) {
      listing.items.push_back({item, item});
    }
  }
}

class FileProvider final : public Provider {
 public:
  FileProvider(const fs::path& directory, const std::vector<fs::path>& ours, FileWalk walk) : ours_(ours), walk_(walk) {
    std::error_code error;
    directory_ = fs::canonical(directory, error);
    if (error || !fs::is_directory(directory_, error)) {
      throw bad_setting("file_directory", "names " + directory.string() + ", which is no folder that can be read");
    }
    ours_.check_apart(directory_);
  }

  std::string_view name() const override { return kName; }
  std::string description() const override { return "files below " + directory_.string(); }

  std::vector<ProviderItem> items() const override {
    Listing listing{ours_.inodes()};
    list_below(listing, open_directory(O_RDONLY), "", 1);
    return std::move(listing.items);
  }

  Secret resolve(std::string_view item) const override {
    if (!is_path_below(item)) throw item_not_allowed(kName, "is not a file below the configured folder");
    const Descriptor file = open_item(std::string(item));
    check(file);
    auto text = read_file(file, kLargest + 1);
    if (!text) throw unreadable(errno);
    if (text->size() > kLargest) throw item_not_allowed(kName, "is larger than 64 KiB");
    drop_line_break(*text);
    if (text->empty()) throw unknown_item(kName);
    return Secret::copy_of(view(*text));
  }

 private:
  Descriptor open_directory(int how) const {
    Descriptor directory(::open(directory_.c_str(), how | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) throw unreadable(errno);
    return directory;
  }

  Descriptor open_item(const std::string& item) const {
    const Descriptor directory = open_directory(O_PATH);
    Opened file = open_below(directory, item, walk_);
    if (!file.file) throw refusal_of(file.error);
    return std::move(file.file);
  }

  // What is ours is looked up after the file is open, so that nothing becomes ours in between.
  void check(const Descriptor& file) const {
    FileFacts facts{};
    if (::fstat(file.number(), &facts) != 0) throw unreadable(errno);
    const std::string_view problem = problem_with(facts, ours_.inodes());
    if (!problem.empty()) throw item_not_allowed(kName, problem);
    if (is_in_proc(file)) throw item_not_allowed(kName, "is no file on a disk");
  }

  fs::path directory_;  // without links, as it was when the server started
  const OwnFiles ours_;
  const FileWalk walk_;
};

}  // namespace

std::unique_ptr<Provider> file_provider(const fs::path& directory, const std::vector<fs::path>& ours, FileWalk walk) {
  return std::make_unique<FileProvider>(directory, ours, walk);
}

}  // namespace countersign::vault
