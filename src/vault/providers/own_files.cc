#include "vault/providers/own_files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "vault/providers/refusals.h"

namespace countersign::vault {
namespace {

namespace fs = std::filesystem;

// Rather no secret than one of ours.
Error cannot_tell(const std::error_code& error) {
  return provider_failed("file", "cannot tell its files from this server's own", error.message());
}

void add(Inodes& inodes, const fs::path& path) {
  FileFacts facts{};
  if (::stat(path.c_str(), &facts) == 0) {
    inodes.insert(inode_of(facts));
  } else if (errno != ENOENT && errno != ENOTDIR) {  // it may have gone meanwhile, or never have been
    throw cannot_tell({errno, std::generic_category()});
  }
}

void add_all_below(Inodes& inodes, const fs::path& folder) {
  std::error_code error;
  constexpr auto kOptions = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, kOptions, error), end; !error && at != end; at.increment(error)) {
    add(inodes, at->path());
  }
  if (error) throw cannot_tell(error);
}

bool is_below_or_same(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace

OwnFiles::OwnFiles(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    fs::path whole = fs::absolute(path).lexically_normal();
    paths_.push_back(whole.has_filename() ? std::move(whole) : whole.parent_path());  // "data/" is "data"
  }
}

Inodes OwnFiles::inodes() const {
  Inodes inodes;
  for (const fs::path& path : paths_) {
    add(inodes, path);
    std::error_code none_or_no_folder;
    if (fs::is_directory(path, none_or_no_folder)) add_all_below(inodes, path);
  }
  return inodes;
}

void OwnFiles::check_apart(const fs::path& directory) const {
  for (const fs::path& path : paths_) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(path, error);
    if (!error && !is_below_or_same(real, directory) && !is_below_or_same(directory, real)) continue;
    throw bad_setting("file_directory", "would open this server's own files at " + path.string() + "; choose another");
  }
}

}  // namespace countersign::vault
