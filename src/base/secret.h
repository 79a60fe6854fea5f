// A value that must not leave by accident: an API key, a token, a password, key material.
//
// Owned by exactly one holder; not thread-safe, move it instead of sharing it. It cannot be copied,
// compared, streamed or turned into JSON (tests/base/secret_test.cc proves that none of it compiles).
// Its bytes are overwritten on destruction, on assignment and when moved from. `reveal()` is the only
// way in; the build lists the files that may call it (cmake/layers.cmake).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace countersign {

class Secret {
 public:
  Secret() = default;
  // Takes the bytes and overwrites `plain`, its small-string buffer included.
  explicit Secret(std::string&& plain);
  // Copies from memory that the caller wipes itself (a wiping buffer, a crypto output).
  static Secret copy_of(std::string_view bytes);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // Valid as long as this object lives and is not moved from. Never keep, log or copy it.
  std::string_view reveal() const { return {bytes_.get(), size_}; }

 private:
  void wipe() noexcept;

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace countersign
