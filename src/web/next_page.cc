#include "web/next_page.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace countersign::web {
namespace {

struct KnownPage {
  std::string_view word;
  std::string_view path;
};
constexpr std::array kKnownPages{KnownPage{"", "/"}, KnownPage{"connections", "/connections"},
                                 KnownPage{"welcome", "/welcome"}};

const KnownPage* known(std::string_view word) {
  const auto* found =
      std::find_if(kKnownPages.begin(), kKnownPages.end(), [&](const KnownPage& page) { return page.word == word; });
  return found == kKnownPages.end() ? nullptr : found;
}

}  // namespace

std::string next_word(std::string_view path) {
  const std::string_view rest = path.substr(std::min<std::size_t>(1, path.size()));
  const auto slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  if (first == "h" && slash != std::string_view::npos) {
    const std::string_view token = rest.substr(slash + 1);
    return std::string(token.substr(0, token.find('/')));
  }
  return known(first) ? std::string(first) : std::string();
}

std::string next_path(const Services& services, std::string_view word) {
  if (const KnownPage* page = known(word)) return std::string(page->path);
  services.handoffs.verify_link(word);
  return "/h/" + percent_encode(word);
}

std::string next_query(std::string_view word) { return word.empty() ? "" : "?next=" + percent_encode(word); }

bool is_handoff(std::string_view word) { return known(word) == nullptr; }

}  // namespace countersign::web
