#include "app/terminal.h"

#include <cstdio>

#include "base/error.h"

namespace countersign::app {

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(ErrorCode::kUnavailable, "output_unwritable", "Standard output cannot be written.");
  }
}

void complain(std::string_view text) noexcept { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace countersign::app
