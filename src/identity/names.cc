#include "identity/names.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace countersign::identity {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestBrowser = 200;
constexpr std::size_t kLongestCodePoint = 4;  // bytes

constexpr std::string_view kHardSpace = "\u00a0";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// Of UTF-8: also the controls above ASCII, some of which a terminal obeys, and the separators that are line breaks to
// some readers.
bool has_control(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) return true;
  for (std::size_t at = text.find('\xc2'); at != std::string_view::npos; at = text.find('\xc2', at + 1)) {
    if (static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
  }
  return text.find("\u2028") != std::string_view::npos || text.find("\u2029") != std::string_view::npos;
}

}  // namespace

std::string_view without_outer_spaces(std::string_view text) {
  const auto drop = [&](std::string_view space) {
    const bool before = text.starts_with(space);
    if (before) text.remove_prefix(space.size());
    const bool after = text.ends_with(space);
    if (after) text.remove_suffix(space.size());
    return before || after;
  };
  while (drop(" ") || drop(kHardSpace)) {
  }
  return text;
}

std::string checked_name(std::string_view typed) {
  const std::string_view name = without_outer_spaces(typed);
  if (name.empty() || !is_utf8(name) || code_points(name) > kLongestName || has_control(name)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_name", "A name has 1 to 100 characters and no control characters.");
  }
  return std::string(name);
}

std::string browser_words(std::string_view user_agent) {
  std::string words;
  std::size_t taken = 0;
  while (!user_agent.empty() && taken < kLongestBrowser) {
    // The shortest piece that is text; what begins none is left out.
    std::size_t size = 1;
    while (size < kLongestCodePoint && !is_utf8(user_agent.substr(0, size))) ++size;
    const std::string_view piece = user_agent.substr(0, size);
    const bool is_text = is_utf8(piece) && !is_control(piece.front());
    if (is_text) words += piece;
    if (is_text) ++taken;
    user_agent.remove_prefix(is_text ? piece.size() : 1);
  }
  return words;
}

}  // namespace countersign::identity
