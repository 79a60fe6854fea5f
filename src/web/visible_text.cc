#include "web/visible_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "base/encoding.h"

namespace countersign::web {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode 15: Cc, Cf, Zl, Zp, Zs but two, default-ignorable, blank letters. Ascending, for the search.
constexpr std::array kHidden{
    Range{0x0000, 0x001f},    // C0 controls
    Range{0x007f, 0x009f},    // delete, C1 controls
    Range{0x00ad, 0x00ad},    // soft hyphen
    Range{0x034f, 0x034f},    // combining grapheme joiner
    Range{0x0600, 0x0605},    // Arabic number signs
    Range{0x061c, 0x061c},    // Arabic letter mark
    Range{0x06dd, 0x06dd},    // Arabic end of ayah
    Range{0x070f, 0x070f},    // Syriac abbreviation mark
    Range{0x0890, 0x0891},    // Arabic pound and piastre marks
    Range{0x08e2, 0x08e2},    // Arabic disputed end of ayah
    Range{0x115f, 0x1160},    // Hangul fillers
    Range{0x1680, 0x1680},    // Ogham space
    Range{0x17b4, 0x17b5},    // Khmer inherent vowels
    Range{0x180b, 0x180f},    // Mongolian variation selectors
    Range{0x2000, 0x200f},    // spaces, zero-width characters, bidi marks
    Range{0x2028, 0x202f},    // separators, bidi embeddings and overrides, narrow space
    Range{0x205f, 0x206f},    // math space, word joiner, invisible operators, bidi isolates
    Range{0x27e6, 0x27e7},    // ⟦ ⟧, the chips' own
    Range{0x2800, 0x2800},    // Braille blank
    Range{0x3000, 0x3000},    // ideographic space
    Range{0x3164, 0x3164},    // Hangul filler
    Range{0xfe00, 0xfe0f},    // variation selectors
    Range{0xfeff, 0xfeff},    // byte order mark
    Range{0xffa0, 0xffa0},    // half-width Hangul filler
    Range{0xfff0, 0xfffc},    // interlinear annotation, object replacement
    Range{0x110bd, 0x110bd},  // Kaithi number sign
    Range{0x110cd, 0x110cd},  // Kaithi number sign above
    Range{0x13430, 0x1343f},  // Egyptian format controls
    Range{0x1bca0, 0x1bca3},  // shorthand format controls
    Range{0x1d173, 0x1d17a},  // musical format controls
    Range{0xe0000, 0xe0fff},  // tags, more variation selectors
};

constexpr std::array kCombining{Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x1ab0, 0x1aff},
                                Range{0x1dc0, 0x1dff}, Range{0x20d0, 0x20ff}, Range{0xfe20, 0xfe2f}};
constexpr int kMarksInARow = 3;

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t c) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t value, const Range& range) { return value < range.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

// How long the character at the front is by its first byte; is_utf8() then decides whether it is one.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

char32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  char32_t value = lead & (0xffU >> (character.size() + 1));
  for (const char byte : character.substr(1)) value = value << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  return value;
}

std::string chip(const char* format, unsigned value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

std::string visible(std::string_view text, std::size_t limit) {
  std::string shown;
  shown.reserve(text.size());
  int marks = 0;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == limit) {
      // Counts the bytes of broken text as characters; close enough for a note.
      return shown + "… (" + std::to_string(code_points(text)) + " more characters)";
    }
    const std::string_view character = text.substr(0, length_of(static_cast<unsigned char>(text[0])));
    if (!is_utf8(character)) {
      shown += chip("⟦byte %02X⟧", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    const char32_t c = code_point(character);
    marks = in(kCombining, c) ? marks + 1 : 0;
    if (in(kHidden, c) || marks > kMarksInARow) {
      shown += chip("⟦U+%04X⟧", static_cast<unsigned>(c));
    } else {
      shown += character;
    }
    text.remove_prefix(character.size());
  }
  return shown;
}

}  // namespace countersign::web
