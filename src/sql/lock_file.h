// One process per database: an advisory lock on `<directory>/lock`, held for the life of the object and
// released by the kernel when the process dies. The file holds the owner's process id for whoever is refused.
#pragma once

#include <string>

namespace countersign::sql {

class LockFile {
 public:
  // Throws kUnavailable, reason `in_use` with the holder's process id, or `storage_unavailable`.
  explicit LockFile(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace countersign::sql
