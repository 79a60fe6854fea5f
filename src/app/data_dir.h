// The folder of a broker's own files, and their names in it.
#pragma once

#include <filesystem>

namespace countersign::app {

inline std::filesystem::path database_path(const std::filesystem::path& dir) { return dir / "countersign.db"; }
inline std::filesystem::path checkpoints_path(const std::filesystem::path& dir) {
  return dir / "audit-checkpoints.jsonl";
}
inline std::filesystem::path dev_master_key_path(const std::filesystem::path& dir) { return dir / "master.key"; }
inline std::filesystem::path dev_token_path(const std::filesystem::path& dir) { return dir / "dev-agent-token"; }

// $XDG_DATA_HOME/countersign, or ~/.local/share/countersign.
std::filesystem::path user_data_dir();
// A fresh folder that goes away with the process.
std::filesystem::path make_ephemeral_dir();
// Makes it (0700) when it is missing. Throws kUnavailable `data_unwritable` when it cannot be written.
void prepare_data_dir(const std::filesystem::path& dir);

}  // namespace countersign::app
