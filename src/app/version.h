// The program's version, from CMakeLists.txt.
#pragma once

#include <string_view>

namespace countersign::app {

inline constexpr std::string_view kVersion = COUNTERSIGN_VERSION;

}  // namespace countersign::app
