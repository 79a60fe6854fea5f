#include "http/chunk_line.h"

namespace countersign::http {

ChunkLine scan_chunk_line(std::string_view text, ChunkPlace place) {
  constexpr std::size_t kMostDigits = 15;  // far above any body limit, no overflow
  std::size_t at = 0;
  bool bad = false;
  const auto ended = [&] { return at >= text.size(); };
  const auto expect = [&](char c) {
    bad = bad || (!ended() && text[at] != c);
    ++at;
  };
  if (place == ChunkPlace::kLater) expect('\r'), expect('\n');
  if (bad) return {ChunkLine::Kind::kBad};
  const std::size_t begin = at;
  bool last = true;
  for (; !ended() && std::string_view("0123456789abcdefABCDEF").find(text[at]) != std::string_view::npos; ++at) {
    last = last && text[at] == '0';
  }
  if (at - begin > kMostDigits) return {ChunkLine::Kind::kBad};
  if (ended()) return {ChunkLine::Kind::kNeedMore};
  if (at == begin) return {ChunkLine::Kind::kBad};
  expect('\r'), expect('\n');
  if (last) expect('\r'), expect('\n');
  if (bad) return {ChunkLine::Kind::kBad};
  if (at > text.size()) return {ChunkLine::Kind::kNeedMore};
  return {ChunkLine::Kind::kComplete, at};
}

}  // namespace countersign::http
