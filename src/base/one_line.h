// Text of a stranger's, made fit to stand on one line of ours: the name of a provider's account. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace countersign {

// Without controls (C0, DEL, C1) and without what turns or hides the text around it: U+200B to U+200F, U+2028 to
// U+202E, U+2060 to U+206F, U+FEFF. At most `most` code points. `text` must be valid UTF-8, as parse_json gives it.
std::string one_line(std::string_view text, std::size_t most);
// As it is, but no more than `most` code points of it.
std::string_view cut(std::string_view text, std::size_t most);

}  // namespace countersign
