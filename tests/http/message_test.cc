#include "http/message.h"

#include <gtest/gtest.h>

#include "http/response_text.h"
#include "support/captured_log.h"

namespace countersign::http {
namespace {

TEST(Message, HeaderThatStandsTwiceHasNoValue) {
  Request request;
  request.headers = {{"a", "1"}, {"b", "2"}, {"b", "2"}, {"c", ""}};
  EXPECT_EQ(request.header("a"), "1");
  EXPECT_EQ(request.header("b"), std::nullopt);
  EXPECT_EQ(request.header("c"), "");
  EXPECT_EQ(request.header("d"), std::nullopt);
}

// Abuse case 70: a sibling subdomain sets a cookie of the same name.
TEST(Message, A070_CookieThatStandsTwiceHasNoValue) {
  Request request;
  request.headers = {{"cookie", "junk; one=1;two = 2 ; =x;; dup=a; dup=b;empty=; eq=a=b"},
                     {"cookie", "late=3; twin=x"},
                     {"cookie", "twin=y"}};
  EXPECT_EQ(request.cookie("one"), "1");
  EXPECT_EQ(request.cookie("two"), "2");
  EXPECT_EQ(request.cookie("late"), "3");
  EXPECT_EQ(request.cookie("empty"), "");
  EXPECT_EQ(request.cookie("eq"), "a=b");
  for (const char* absent : {"junk", "dup", "twin", "none", "One"})
    EXPECT_EQ(request.cookie(absent), std::nullopt) << absent;
}

TEST(Message, DateIsTheHttpForm) {
  HttpDate date;
  const auto text = [&](long long milliseconds) {
    const HttpDate::Text bytes = date.at(Instant(std::chrono::milliseconds(milliseconds)));
    return std::string(bytes.data(), bytes.size());
  };
  EXPECT_EQ(text(784'111'777'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(text(784'111'777'999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(text(1'709'251'199'000), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(Message, ImpossibleStatusBecomes500) {
  support::CapturedLog log;
  Response response;
  response.status = 42;
  const WipingBuffer head = response_head(response, HttpDate::Text{}, Persistence::kClose, Length::kKnown, log);
  EXPECT_TRUE(view(head).starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST(Message, FormsAreAnsweredWithSeeOther) {
  const Response response = see_other("/next");
  EXPECT_EQ(response.status, 303);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].value, "/next");
  const Response built = Response(200, "text/html", "<p>").with("X-A", "b");
  EXPECT_EQ(view(built.body), "<p>");
  EXPECT_EQ(built.headers.back().name, "X-A");
}

}  // namespace
}  // namespace countersign::http
