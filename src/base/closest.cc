#include "base/closest.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace countersign {
namespace {

constexpr std::size_t kLongest = 64;  // bounds the work on text from outside

std::string bare(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (c == '_' || c == '-' || c == '.') continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kLongest) return std::nullopt;
  const std::string wanted = bare(word);
  std::optional<std::string_view> best;
  std::size_t fewest = std::min<std::size_t>(3, wanted.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t steps = distance(wanted, bare(candidate));
    if (steps >= fewest) continue;
    best = candidate;
    fewest = steps;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto meant = closest(word, known);
  return meant ? "; did you mean \"" + std::string(*meant) + "\"?" : "";
}

}  // namespace countersign
