#include "crypto/key.h"

#include <sodium.h>

#include <algorithm>

#include "base/error.h"
#include "base/wipe.h"
#include "crypto/init.h"
#include "crypto/mac.h"

namespace countersign::crypto {

void Key::Release::operator()(std::byte* bytes) const noexcept { sodium_free(bytes); }  // overwrites first

// initialise() again, because guarded memory without it ends the process; keys are made too rarely to notice.
Key::Key() {
  initialise();
  bytes_.reset(static_cast<std::byte*>(sodium_malloc(kSize)));
  if (!bytes_) throw Error(ErrorCode::kUnavailable, "key_memory", "There is no memory left for keys.", "sodium_malloc");
}

void Key::protect() {
  if (sodium_mprotect_readonly(bytes_.get()) != 0) {
    throw Error(ErrorCode::kInternal, "key_memory", "Key memory could not be protected.", "sodium_mprotect_readonly");
  }
}

Key Key::random(Random& random) {
  Key key;
  random.fill({key.bytes_.get(), kSize});
  key.protect();
  return key;
}

Key Key::copy_of(std::span<const std::byte, kSize> bytes) {
  Key key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.get());
  key.protect();
  return key;
}

Key Key::derive(std::string_view context, std::string_view label) const {
  Mac bytes = mac(*this, {"derive", context, label});
  Key key = copy_of(bytes);
  base::wipe(bytes.data(), bytes.size());
  return key;
}

std::span<const std::byte, Key::kSize> Key::reveal() const {
  if (!bytes_) throw Error(ErrorCode::kInternal, "key_moved", "A key was used after it was given away.");
  return std::span<const std::byte, kSize>(bytes_.get(), kSize);
}

}  // namespace countersign::crypto
