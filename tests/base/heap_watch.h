// Watches this test program's heap: how much is allocated, and whether a block is given back with a secret
// still in it. It looks before the block is freed, so it reads no dead memory. One at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace countersign::base {

class HeapWatch {
 public:
  explicit HeapWatch(std::string_view canary = {});
  HeapWatch(const HeapWatch&) = delete;
  HeapWatch& operator=(const HeapWatch&) = delete;
  ~HeapWatch();

  // How many blocks were freed with the canary in them.
  std::size_t leaks() const;
  // Bytes asked for since the watch began, freed or not.
  std::size_t allocated() const;
};

}  // namespace countersign::base
