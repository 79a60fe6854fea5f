// Mutated input against framing: whatever the bytes, it must not crash, must not hold more than its
// limits, and must come to the same result however the bytes are cut (a parser that depends on the cuts
// can be made to disagree with the proxy in front of it).
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "http/framing.h"

namespace countersign::http {
namespace {

constexpr int kInputs = 20'000;
constexpr std::size_t kBodyBytes = 4'096;

const Framing::BodyLimit kBodyLimit = [](Method, std::string_view) { return kBodyBytes; };

const std::vector<std::string> kSeeds = {
    "GET /a/b?c=d HTTP/1.1\r\nHost: test\r\nAccept: */*\r\nCookie: a=b; c\r\n\r\n",
    "POST /form HTTP/1.1\r\nHost: test:80\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello=world",
    "POST /c HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /n HTTP/1.1\r\nHost: "
    "a\r\n\r\n",
};
const std::vector<std::string> kPieces = {"\r\n",
                                          "\r",
                                          "\n",
                                          "\r\n\r\n",
                                          std::string(1, '\0'),
                                          " ",
                                          "\t",
                                          ":",
                                          ",",
                                          "0\r\n\r\n",
                                          "ffffffffffffffff",
                                          "Content-Length: 5\r\n",
                                          "Transfer-Encoding: chunked\r\n",
                                          "Host: b\r\n",
                                          "HTTP/1.1",
                                          "\x80",
                                          "\x7f",
                                          "5;x=y\r\n",
                                          "%00"};

std::string mutate(std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return random() % limit; };
  std::string text = kSeeds[below(kSeeds.size())];
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 3:
        text.insert(at, text.substr(below(text.size() + 1), below(40)));
        break;
      case 4:
        text.resize(at);
        break;
      default:
        text += kSeeds[below(kSeeds.size())];
    }
    if (text.empty()) text = "G";
  }
  return text;
}

// All that framing decided, as one text.
std::string verdict(const std::vector<std::string_view>& pieces) {
  Framing framing({2'048, 20}, kBodyLimit);
  std::string told;
  for (const std::string_view piece : pieces) {
    framing.append(piece);
    for (bool more = true; more;) {
      switch (framing.next()) {
        case Framing::Event::kRequest: {
          const Request request = framing.take();
          EXPECT_LE(request.body.size(), kBodyBytes);
          EXPECT_LE(request.headers.size(), 20U);
          told += std::string(name(request.method)) + ' ' + request.path + '?' + request.query;
          for (const Header& field : request.headers) told += '|' + field.name + '=' + field.value;
          told += '|' + std::string(view(request.body)) + (framing.keep_alive() ? "|k\n" : "|c\n");
          break;
        }
        case Framing::Event::kContinue:
          break;
        case Framing::Event::kNeedMore:
          more = false;
          break;
        case Framing::Event::kRefused:
          return told + std::to_string(framing.refusal().status);
      }
    }
    EXPECT_LE(framing.buffered(), 2'048U);
  }
  return told;
}

TEST(FramingMutation, VerdictDoesNotDependOnTheCuts) {
  std::mt19937 random(20'260'101);
  int accepted = 0;
  for (int i = 0; i < kInputs; ++i) {
    const std::string text = mutate(random);
    const std::string whole = verdict({text});
    std::vector<std::string_view> pieces;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 9, rest.size());
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    ASSERT_EQ(whole, verdict(pieces)) << "input " << i << ":\n" << text;
    accepted += whole.find('\n') != std::string::npos ? 1 : 0;
  }
  // The mutations are neither all harmless nor all fatal, or the loop above shows nothing.
  EXPECT_GT(accepted, kInputs / 10);
  EXPECT_LT(accepted, kInputs * 9 / 10);
}

}  // namespace
}  // namespace countersign::http
