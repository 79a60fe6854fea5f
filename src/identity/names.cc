#include "identity/names.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace countersign::identity {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestBrowser = 200;
constexpr std::size_t kLongestCodePoint = 4;  // bytes

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

std::string checked_name(std::string_view typed) {
  const std::size_t begin = std::min(typed.find_first_not_of(' '), typed.size());
  const std::string_view name = typed.substr(begin, typed.find_last_not_of(' ') + 1 - begin);
  if (name.empty() || !is_utf8(name) || code_points(name) > kLongestName ||
      std::any_of(name.begin(), name.end(), is_control)) {
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
