// The files of this server, told by what they are and not by what they are called: a hard link or a mount
// elsewhere changes nothing. Immutable, thread-safe.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <utility>
#include <vector>

namespace countersign::vault {

using FileFacts = struct ::stat;
using Inode = std::pair<dev_t, ino_t>;
using Inodes = std::set<Inode>;

inline Inode inode_of(const FileFacts& facts) { return {facts.st_dev, facts.st_ino}; }

class OwnFiles {
 public:
  // Files, and folders with everything in them. What does not exist yet may come later.
  explicit OwnFiles(const std::vector<std::filesystem::path>& paths);

  // Looked up on every call: the database's own files come and go. Throws kUpstream when it cannot tell.
  Inodes inodes() const;
  // Throws kInvalidArgument `bad_config` when `directory`, which is canonical, holds one or lies in one.
  void check_apart(const std::filesystem::path& directory) const;

 private:
  std::vector<std::filesystem::path> paths_;
};

}  // namespace countersign::vault
