#include "vault/providers/small_file.h"

#include <cerrno>

namespace countersign::vault {

std::optional<WipingBuffer> read_file(const Descriptor& file, std::size_t most) {
  WipingBuffer text(most);
  std::size_t size = 0;
  while (size < most) {
    const ssize_t got = ::read(file.number(), text.data() + size, most - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

void drop_line_break(WipingBuffer& text) {
  if (text.empty() || text.back() != '\n') return;
  text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
}

}  // namespace countersign::vault
