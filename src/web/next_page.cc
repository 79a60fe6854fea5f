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
constexpr std::array kKnownPages{KnownPage{"", "/"},
                                 KnownPage{"connections", "/connections"},
                                 KnownPage{"integrations", "/integrations"},
                                 KnownPage{"providers", "/providers"},
                                 KnownPage{"agents", "/agents"},
                                 KnownPage{"people", "/people"},
                                 KnownPage{"audit", "/audit"},
                                 KnownPage{"settings", "/settings"},
                                 KnownPage{"welcome", "/welcome"}};

// What may stand behind a known page: an id or a slug of ours, nothing that could lead elsewhere.
bool is_object(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

const KnownPage* known(std::string_view word) {
  const auto* found =
      std::find_if(kKnownPages.begin(), kKnownPages.end(), [&](const KnownPage& page) { return page.word == word; });
  return found == kKnownPages.end() ? nullptr : found;
}

// "agents.ag_…" in its two parts; the second is empty for a page alone. Home has nothing behind it: "/" and an
// object would be "//object", which is another host (abuse case 71).
std::pair<std::string_view, std::string_view> parts_of(std::string_view word) {
  const auto dot = word.find('.');
  if (dot == std::string_view::npos || dot == 0 || known(word.substr(0, dot)) == nullptr) return {word, {}};
  return {word.substr(0, dot), word.substr(dot + 1)};
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
  if (!known(first)) return {};
  const std::string_view object = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  return is_object(object) ? std::string(first) + "." + std::string(object) : std::string(first);
}

std::string next_path(const Services& services, std::string_view word) {
  const auto [page, object] = parts_of(word);
  if (const KnownPage* found = known(page)) {
    if (object.empty()) return std::string(found->path);
    if (is_object(object)) return std::string(found->path) + "/" + std::string(object);
  }
  services.handoffs.verify_link(word);
  return "/h/" + percent_encode(word);
}

std::string next_query(std::string_view word) { return word.empty() ? "" : "?next=" + percent_encode(word); }

bool is_handoff(std::string_view word) { return known(parts_of(word).first) == nullptr; }

}  // namespace countersign::web
