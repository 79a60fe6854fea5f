// The master key (KEK): wraps every other key, encrypts nothing else, and never lies beside what it opens
// unless somebody chose so (`dev`). Whoever has it and the database has everything.
//
// Its file is one line, `countersign-kek-1:` and 43 base64url characters, a regular file of mode 0600 or
// 0400 that we own. Move-only; a const MasterKey is safe to share between threads.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "crypto/key.h"

namespace countersign::crypto {

class MasterKey {
 public:
  explicit MasterKey(Key key);

  // 16 hex digits that name the key without telling anything about it: to print, store and compare.
  const std::string& id() const { return id_; }

  std::string wrap(const Key& key, std::string_view associated_data, Random& random) const;
  // Empty when it does not authenticate.
  std::optional<Key> unwrap(std::string_view wrapped, std::string_view associated_data) const;

 private:
  std::string id_;
  Key wrapping_;  // the key itself is only derived from
};

enum class MasterKeySource {
  kFile,
  // $CREDENTIALS_DIRECTORY/<name>: systemd may leave it with root and grant us access by an ACL, which
  // shows as a readable group. Any write by others is refused here too.
  kSystemdCredential,
};

// Throws Error kInvalidArgument: `master_key_missing`, `master_key_unreadable`, `master_key_permissions` or
// `master_key_malformed`. The message names the path and what to do, never a byte of the content.
MasterKey load_master_key(const std::filesystem::path& path, MasterKeySource source = MasterKeySource::kFile);

// Never overwrites: Error kConflict `master_key_exists`. When it returns, file and folder entry are on disk;
// after a crash there is either the whole file or none. Ask for it only while no key is wrapped yet: a new
// master key beside old data is a lost master key. Throws Error kUnavailable `master_key_unwritable`.
MasterKey create_master_key_file(const std::filesystem::path& path, Random& random);

}  // namespace countersign::crypto
