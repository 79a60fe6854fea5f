// A descriptor that closes itself, and a small file read into memory that is wiped. For this folder.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "base/wipe.h"

namespace countersign::vault {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// What the file holds, but no more than `most` bytes. Nothing when it cannot be read; errno says why.
std::optional<WipingBuffer> read_file(const Descriptor& file, std::size_t most);

// An editor's last line break is no part of a secret: one "\n" or "\r\n" at the end goes.
void drop_line_break(WipingBuffer& text);

}  // namespace countersign::vault
