#include "base/secret.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/wipe.h"

namespace countersign {

Secret::Secret(std::string&& plain) : bytes_(std::make_unique<char[]>(plain.size())), size_(plain.size()) {
  std::memcpy(bytes_.get(), plain.data(), size_);
  // Up to the capacity: a string that once was longer leaves its tail behind.
  plain.resize(plain.capacity());
  base::wipe(plain.data(), plain.size());
  plain.clear();
}

Secret Secret::copy_of(std::string_view bytes) {
  Secret secret;
  secret.bytes_ = std::make_unique<char[]>(bytes.size());
  secret.size_ = bytes.size();
  std::copy(bytes.begin(), bytes.end(), secret.bytes_.get());  // memcpy may not be given the null of an empty view
  return secret;
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept {
  if (bytes_) base::wipe(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

}  // namespace countersign
