// Files that must be whole or absent after a crash.
#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string_view>

namespace countersign::app {

// Writes a temporary file beside it, flushes it, renames it over `path`, flushes the folder.
// Throws kUnavailable `data_unwritable` naming the path.
void replace_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode = 0600);

}  // namespace countersign::app
