// 32 secret bytes in guarded memory: pages of their own, inaccessible neighbours, locked where the limit
// allows, left out of core dumps, read-only from creation, overwritten on release.
//
// Costs two system calls and four pages: for long-lived keys, never one per request. Move-only; a const
// Key is safe to share between threads. One key, one purpose: use derive() rather than a second use.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/random.h"

namespace countersign::crypto {

class Key {
 public:
  static constexpr std::size_t kSize = 32;

  static Key random(Random& random);
  // Copies from memory that the caller wipes.
  static Key copy_of(std::span<const std::byte, kSize> bytes);

  // An independent key: keyed BLAKE2b over both words. Knowing it tells nothing about this one.
  Key derive(std::string_view context, std::string_view label) const;

  // The build lists the files that may call it (cmake/layers.cmake). Throws if moved from.
  std::span<const std::byte, kSize> reveal() const;

 private:
  struct Release {
    void operator()(std::byte* bytes) const noexcept;
  };

  Key();
  void protect();

  std::unique_ptr<std::byte[], Release> bytes_;
};

}  // namespace countersign::crypto
