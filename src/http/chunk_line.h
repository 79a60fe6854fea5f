// The line between two chunks of a body (RFC 9112 section 7.1): the line end that closes the data before it
// (unless it is the first), the size, a line end, and after the last chunk the empty line.
//
// Looked at raw, because Beast would take extensions and trailers, and in a debug build it stops the process
// when the last line comes in pieces. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace countersign::http {

struct ChunkLine {
  enum class Kind { kNeedMore, kBad, kComplete } kind = Kind::kNeedMore;
  std::size_t length = 0;  // of the line, when it is complete
};

// `text` begins where the line must begin. kBad comes as early as the first wrong byte.
enum class ChunkPlace { kFirst, kLater };
ChunkLine scan_chunk_line(std::string_view text, ChunkPlace place);

}  // namespace countersign::http
