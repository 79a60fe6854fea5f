// Opens a file below a directory without following a symbolic link anywhere on the way. Stateless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vault/providers.h"
#include "vault/providers/small_file.h"

namespace countersign::vault {

// How many names a path below the directory may have, its file's included.
inline constexpr std::size_t kDeepestPath = 4;
inline constexpr std::size_t kLongestPath = 1024;

// One name of a path: none is hidden, which leaves out "." and ".." as well.
bool is_visible_name(std::string_view name);
// "team/stripe": visible names with single slashes between them, so nothing absolute either.
bool is_path_below(std::string_view path);

struct Opened {
  Descriptor file;
  int error = 0;  // an errno when there is no file; ELOOP or EXDEV: it is a link, or behind one
};

// For reading, and never blocking: what it is, a pipe perhaps, is the caller's to find out. `path` must be one
// that is_path_below() takes.
Opened open_below(const Descriptor& directory, const std::string& path, FileWalk walk);

}  // namespace countersign::vault
