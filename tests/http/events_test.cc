#include "http/events.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace countersign::http {
namespace {

struct Event {
  std::string id;
  std::string type;
  std::string data;
  bool operator==(const Event&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
  return out << '[' << event.id << "|" << event.type << "|" << event.data << ']';
}

// What a browser makes of it: HTML standard, section 9.2.6. An id stays until the next one.
class Reader {
 public:
  std::vector<Event> read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find_first_of("\r\n");
      if (end == std::string_view::npos) break;  // an unfinished line is not looked at
      line(text.substr(0, end));
      text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
    }
    return events_;
  }

 private:
  void line(std::string_view text) {
    if (text.empty()) return dispatch();
    const std::size_t colon = text.find(':');
    if (colon == 0) return;  // a comment
    const std::string_view field = text.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "id") next_.id = value;
    if (field == "event") next_.type = value;
    if (field == "data") next_.data.append(value).append("\n");
  }
  void dispatch() {
    if (!next_.data.empty()) {
      events_.push_back({next_.id, next_.type, next_.data.substr(0, next_.data.size() - 1)});
    }
    next_ = {next_.id, {}, {}};
  }

  Event next_;
  std::vector<Event> events_;
};

std::vector<Event> read(std::string_view text) { return Reader().read(text); }

std::string reason_of(std::string_view id, std::string_view event) {
  try {
    event_text(id, event, "x");
  } catch (const Error& error) {
    return error.reason();
  }
  return "sent";
}

TEST(EventText, IsOneEventAsTheStandardHasIt) {
  EXPECT_EQ(event_text("7", "waiting", R"({"count":3})"), "id: 7\nevent: waiting\ndata: {\"count\":3}\n\n");
  EXPECT_EQ(event_text("", "", "x"), "data: x\n\n");
  EXPECT_EQ(read(event_text("7", "waiting", "")), (std::vector<Event>{{"7", "waiting", ""}}));
}

// Abuse case 65.
TEST(EventText, A065_DataForgesNoFieldAndNoSecondEvent) {
  const std::string_view attacks[] = {
      "x\n\nevent: approved\ndata: forged",
      "x\nevent: approved",
      "x\revent: approved",
      "x\r\nid: 9",
      "x\r\r",
      "\n\n\n",
      "\r\n\r\nretry: 1",
      "retry: 1",
      ": comment",
      "event: approved\n",
      " leading space",
      "\xef\xbb\xbf"
      "data: x",
      std::string_view("nul\0\nid: \0", 10),
  };
  for (const std::string_view attack : attacks) {
    // Another one behind it: what the first leaves open would spill over.
    const auto events = read(event_text("1", "news", attack) + event_text("2", "news", "after"));
    std::string expected(attack);
    for (std::size_t at = 0; (at = expected.find('\r', at)) != std::string::npos; ++at) {
      expected.replace(at, expected.substr(at, 2) == "\r\n" ? 2 : 1, "\n");
    }
    EXPECT_EQ(events, (std::vector<Event>{{"1", "news", expected}, {"2", "news", "after"}})) << attack;
  }
}

TEST(EventText, A065_IdAndNameAreNoPlaceForText) {
  using namespace std::string_view_literals;
  for (const std::string_view bad : {"1\n"sv, "1\rdata: x"sv, "a b"sv, "\0"sv, "\x7f"sv, "\xc3\xa9"sv}) {
    EXPECT_EQ(reason_of(bad, "news"), "bad_event");
    EXPECT_EQ(reason_of("1", bad), "bad_event");
  }
  EXPECT_EQ(reason_of("1", "a:b"), "bad_event");
  EXPECT_EQ(reason_of(std::string(129, 'i'), "news"), "bad_event");
  EXPECT_EQ(reason_of("1", std::string(65, 'n')), "bad_event");
  EXPECT_EQ(reason_of(std::string(128, 'i'), std::string(64, 'n')), "sent");
  EXPECT_EQ(reason_of("a=b/c+d:e", "news.now_2-x"), "sent");
}

}  // namespace
}  // namespace countersign::http
