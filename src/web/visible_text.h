// What a person reads must be what is there: characters that hide, reorder or imitate are shown as chips
// such as ⟦U+202E⟧ (abuse case 82, CVE-2021-42574). It is applied to every value that a page shows
// (web/values.h), so no page can forget it. Escaping for HTML comes after it and is the template engine's.
//
// Shown as chips: controls (line breaks too), zero-width and format characters, bidirectional marks and
// overrides, tag characters, variation selectors, blank fillers, spaces other than U+0020 and U+00A0,
// more than three combining marks in a row, and the chips' own brackets, so that no text can forge one.
// Bytes that are no UTF-8 become ⟦byte FF⟧. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace countersign::web {

inline constexpr std::size_t kVisibleLimit = 2000;

// At most `limit` characters of `text`; a longer one ends in "… (123 more characters)".
std::string visible(std::string_view text, std::size_t limit = kVisibleLimit);

}  // namespace countersign::web
