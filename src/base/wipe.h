// Overwriting memory that held a secret, and an allocator that does it for containers.
//
// WipingBuffer is what sockets, request bodies and rendered forms are kept in: growth and destruction
// both overwrite the bytes they leave. std::string is no substitute, its small buffer escapes any
// allocator. Thread rule: as std::vector.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace countersign::base {

// Not removed by the optimiser (glibc explicit_bzero).
inline void wipe(void* bytes, std::size_t size) noexcept {
  if (size != 0) ::explicit_bzero(bytes, size);
}

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  explicit WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* bytes, std::size_t count) noexcept {
    wipe(bytes, count * sizeof(T));
    std::allocator<T>().deallocate(bytes, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

}  // namespace countersign::base

namespace countersign {

using WipingBuffer = std::vector<char, base::WipingAllocator<char>>;

inline std::string_view view(const WipingBuffer& buffer) { return {buffer.data(), buffer.size()}; }
inline void append(WipingBuffer& buffer, std::string_view bytes) {
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
}

}  // namespace countersign
