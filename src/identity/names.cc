#include "identity/names.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace countersign::identity {
namespace {

constexpr std::size_t kLongestName = 100;

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

}  // namespace countersign::identity
