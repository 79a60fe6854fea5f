#include "base/one_line.h"

#include <algorithm>

namespace countersign {
namespace {

std::size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

std::string_view take_code_point(std::string_view& text) {
  const std::string_view code_point = text.substr(0, length_of(text.front()));
  text.remove_prefix(code_point.size());
  return code_point;
}

bool is_control(std::string_view code_point) {
  if (code_point.size() == 1) return static_cast<unsigned char>(code_point[0]) < 0x20 || code_point[0] == 0x7f;
  return (code_point >= "\xc2\x80" && code_point <= "\xc2\x9f") ||
         (code_point >= "\xe2\x80\x8b" && code_point <= "\xe2\x80\x8f") ||
         (code_point >= "\xe2\x80\xa8" && code_point <= "\xe2\x80\xae") ||
         (code_point >= "\xe2\x81\xa0" && code_point <= "\xe2\x81\xaf") || code_point == "\xef\xbb\xbf";
}

}  // namespace

std::string one_line(std::string_view text, std::size_t most) {
  std::string line;
  for (std::size_t taken = 0; !text.empty() && taken < most;) {
    const std::string_view code_point = take_code_point(text);
    if (is_control(code_point)) continue;
    line += code_point;
    ++taken;
  }
  return line;
}

std::string_view cut(std::string_view text, std::size_t most) {
  std::string_view rest = text;
  for (std::size_t taken = 0; !rest.empty() && taken < most; ++taken) take_code_point(rest);
  return text.substr(0, text.size() - rest.size());
}

}  // namespace countersign
