#include "http/response_text.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "http/head_scan.h"
#include "http/status.h"

namespace countersign::http {
namespace {

void two_digits(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

HttpDate::Text format(std::chrono::sys_seconds second) {
  static constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day);
  const unsigned year = static_cast<unsigned>(static_cast<int>(date.year()));
  HttpDate::Text text;
  std::memcpy(text.data(), "Sun, 00 Jan 0000 00:00:00 GMT", text.size());
  std::memcpy(text.data(), kDays.data() + 3 * std::chrono::weekday(day).c_encoding(), 3);
  two_digits(text.data() + 5, static_cast<unsigned>(date.day()));
  std::memcpy(text.data() + 8, kMonths.data() + 3 * (static_cast<unsigned>(date.month()) - 1), 3);
  two_digits(text.data() + 12, year / 100 % 100);
  two_digits(text.data() + 14, year % 100);
  two_digits(text.data() + 17, static_cast<unsigned>(time.hours().count()));
  two_digits(text.data() + 20, static_cast<unsigned>(time.minutes().count()));
  two_digits(text.data() + 23, static_cast<unsigned>(time.seconds().count()));
  return text;
}

bool same_name(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

// Fields that say how the message is framed are the edge's; from elsewhere they would smuggle.
bool is_framing_field(std::string_view name) {
  for (const std::string_view own :
       {"content-length", "connection", "date", "transfer-encoding", "keep-alive", "trailer", "upgrade"}) {
    if (same_name(name, own)) return true;
  }
  return false;
}

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// RFC 9110 section 8.6: these never say a length.
bool has_no_content(int status) { return status == 204 || status == 304; }

void add_number(WipingBuffer& out, std::size_t number, int base = 10) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  append(out, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void add_field(WipingBuffer& out, const Header& field, Log& log) {
  if (is_framing_field(field.name)) return;
  if (!is_token(field.name) || !is_value(field.value)) {
    log.write(LogLevel::kError, "response_header_refused", {{"name", field.name}});
    return;
  }
  append(out, field.name);
  append(out, ": ");
  append(out, field.value);
  append(out, "\r\n");
}

}  // namespace

HttpDate::Text HttpDate::at(Instant now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const std::lock_guard lock(mutex_);
  if (second != second_) {
    second_ = second;
    text_ = format(second);
  }
  return text_;
}

bool carries_body(const Response& response, Method method) {
  return method != Method::kHead && !has_no_content(response.status);
}

void append_chunk(WipingBuffer& out, std::string_view bytes) {
  add_number(out, bytes.size(), 16);
  append(out, "\r\n");
  append(out, bytes);
  append(out, "\r\n");
}

WipingBuffer response_head(const Response& response, const HttpDate::Text& date, Persistence persistence, Length length,
                           Log& log) {
  const int status = response.status >= 200 && response.status <= 599 ? response.status : 500;
  WipingBuffer out;
  out.reserve(1024);  // most heads fit, small bodies behind them too: growing would copy
  append(out, "HTTP/1.1 ");
  add_number(out, static_cast<std::size_t>(status));
  append(out, " ");
  append(out, reason_phrase(status));
  append(out, "\r\nDate: ");
  append(out, {date.data(), date.size()});
  append(out, "\r\n");
  for (const Header& field : response.headers) add_field(out, field, log);
  if (length == Length::kChunked) append(out, "Transfer-Encoding: chunked\r\n");
  if (length == Length::kKnown && !has_no_content(status)) {
    append(out, "Content-Length: ");
    add_number(out, response.body.size());
    append(out, "\r\n");
  }
  if (persistence == Persistence::kClose) append(out, "Connection: close\r\n");
  if (persistence == Persistence::kKeepAloud) append(out, "Connection: keep-alive\r\n");
  append(out, "\r\n");
  return out;
}

}  // namespace countersign::http
