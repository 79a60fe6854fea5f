#include "web/times.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

namespace countersign::web {
namespace {

using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string clock_time(Instant at) {
  const std::chrono::hh_mm_ss time(at - std::chrono::floor<days>(at));
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d UTC", static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()));
  return text.data();
}

std::string counted(long long number, std::string_view unit) {
  return std::to_string(number) + " " + std::string(unit) + (number == 1 ? "" : "s");
}

std::string span(milliseconds length) {
  if (length < hours(2)) return counted(duration_cast<minutes>(length).count(), "minute");
  return counted(duration_cast<hours>(length).count(), "hour");
}

}  // namespace

std::string date_and_time(Instant at) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(at));
  return std::to_string(static_cast<unsigned>(date.day())) + " " + kMonths[static_cast<unsigned>(date.month()) - 1] +
         " " + std::to_string(static_cast<int>(date.year())) + ", " + clock_time(at);
}

std::string ago(Instant then, Instant now) {
  const milliseconds length = now - then;
  if (length < minutes(1)) return "just now";
  if (length >= days(1)) return date_and_time(then);
  return span(length) + " ago (" + clock_time(then) + ")";
}

std::string until(Instant then, Instant now) {
  const milliseconds length = then - now;
  if (length <= milliseconds(0)) return "now";
  if (length < minutes(1)) return "in less than a minute (" + clock_time(then) + ")";
  return "in " + span(length) + " (" + clock_time(then) + ")";
}

}  // namespace countersign::web
