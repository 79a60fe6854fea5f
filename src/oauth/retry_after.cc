#include "oauth/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace countersign::oauth {
namespace {

using std::chrono::seconds;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<unsigned> month(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(kMonths.begin(), kMonths.end(), text);
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

// RFC 9110 section 5.6.7, the one form that may be sent: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::chrono::sys_seconds> date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") return std::nullopt;
  const auto day = number(text.substr(5, 2));
  const auto named = month(text.substr(8, 3));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (!day || !named || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day on{std::chrono::year(*year), std::chrono::month(*named),
                                       std::chrono::day(static_cast<unsigned>(*day))};
  if (!on.ok()) return std::nullopt;
  return std::chrono::sys_days(on) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + seconds(*second);
}

}  // namespace

std::optional<seconds> retry_after(const http::ClientResponse& response) {
  const auto field = response.header("retry-after");
  if (!field || field->empty()) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789";
  if (field->find_first_not_of(kDigits) == std::string_view::npos) {
    const auto wait = number(*field);  // none: more digits than a number has
    return wait ? std::min<seconds>(seconds(*wait), kLongestRetryAfter) : seconds(kLongestRetryAfter);
  }
  const auto until = date(*field);
  const auto now = date(response.header("date").value_or(""));
  if (!until || !now) return std::nullopt;
  return std::clamp<seconds>(*until - *now, seconds(0), kLongestRetryAfter);
}

}  // namespace countersign::oauth
