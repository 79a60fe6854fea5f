#include "http/events.h"

#include <algorithm>

#include "base/error.h"

namespace countersign::http {
namespace {

constexpr std::size_t kLongestId = 128;
constexpr std::size_t kLongestName = 64;

bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_all(std::string_view text, std::size_t longest, bool (*allowed)(char)) {
  return text.size() <= longest && std::all_of(text.begin(), text.end(), allowed);
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\n");
}

// CR, LF and CRLF all end a line for the reader, so they do here; text without one is one line, even when empty.
void add_data(std::string& out, std::string_view data) {
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    add_field(out, "data", data.substr(0, end));
    if (end == std::string_view::npos) return;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
}

}  // namespace

std::string event_text(std::string_view id, std::string_view event, std::string_view data) {
  if (!is_all(id, kLongestId, is_visible) || !is_all(event, kLongestName, is_name)) {
    throw Error(ErrorCode::kInternal, "bad_event", "An event could not be sent.", "its id or name is not one");
  }
  std::string out;
  out.reserve(data.size() + 64);
  if (!id.empty()) add_field(out, "id", id);
  if (!event.empty()) add_field(out, "event", event);
  add_data(out, data);
  out += '\n';
  return out;
}

}  // namespace countersign::http
