// A file of the source tree that stands inside the binary (cmake/embed.cmake writes the tables).
// Points into read-only memory; valid for the life of the process.
#pragma once

#include <string_view>

namespace countersign {

struct EmbeddedFile {
  std::string_view name;  // the file's name without its folder
  std::string_view bytes;
};

}  // namespace countersign
