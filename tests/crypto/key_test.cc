#include "crypto/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <set>
#include <string>
#include <type_traits>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/init.h"
#include "crypto/system_random.h"
#include "crypto/test_keys.h"
#include "support/seeded_random.h"

namespace countersign::crypto {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
static_assert(!Streamable<Key> && !Comparable<Key>);
static_assert(!std::is_copy_constructible_v<Key> && !std::is_copy_assignable_v<Key>);
static_assert(std::is_nothrow_move_constructible_v<Key> && !std::is_default_constructible_v<Key>);

std::string bytes_of(const Key& key) { return std::string(as_text(key.reveal())); }

// The VmFlags of the mapping that `address` lies in (proc(5), smaps).
std::string mapping_flags(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
      inside = from <= wanted && wanted < to;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Initialise, MayBeCalledAgain) {
  EXPECT_NO_THROW(initialise());
  EXPECT_NO_THROW(initialise());
}

TEST(SystemRandom, FillsEverythingAndNeverTheSame) {
  SystemRandom random;
  std::array<std::byte, 64> one{};
  std::array<std::byte, 64> two{};
  random.fill(one);
  random.fill(two);
  EXPECT_NE(one, two);
  EXPECT_LT(std::count(one.begin(), one.end(), std::byte{}), 8);
  random.fill({});
}

TEST(Key, HoldsTheBytesItWasMadeFrom) {
  EXPECT_EQ(hex(test_key().reveal()), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}

TEST(Key, ComesFromTheGivenRandomness) {
  support::SeededRandom one(1);
  support::SeededRandom again(1);
  support::SeededRandom two(2);
  const Key key = Key::random(one);
  EXPECT_EQ(bytes_of(key), bytes_of(Key::random(again)));
  EXPECT_NE(bytes_of(key), bytes_of(Key::random(two)));
}

TEST(Key, DerivesIndependentKeysFromEveryWordPair) {
  const Key key = test_key();
  std::set<std::string> derived{bytes_of(key)};
  derived.insert(bytes_of(key.derive("ab", "c")));
  derived.insert(bytes_of(key.derive("a", "bc")));
  derived.insert(bytes_of(key.derive("c", "ab")));
  derived.insert(bytes_of(key.derive("abc", "")));
  derived.insert(bytes_of(test_key(1).derive("ab", "c")));
  EXPECT_EQ(derived.size(), 6U);
  EXPECT_EQ(bytes_of(key.derive("ab", "c")), bytes_of(test_key().derive("ab", "c")));
}

// hashlib.blake2b(b"".join(len(p).to_bytes(8, "little") + p for p in parts), key=bytes(range(32)),
// digest_size=32), where parts are b"derive", b"context", b"label". Sealed data depends on it for ever.
TEST(Key, DerivationNeverChanges) {
  EXPECT_EQ(hex(test_key().derive("context", "label").reveal()),
            "9327d5a9e29902b5a5f10eed38d5b4c6a5982b4c5da253a44ffb3fa4396b9861");
}

TEST(Key, GoesWithTheMove) {
  Key from = test_key();
  const Key to = std::move(from);
  EXPECT_EQ(bytes_of(to), bytes_of(test_key()));
  EXPECT_THROW(from.reveal(), Error);
}

TEST(Key, LiesOutsideCoreDumps) {
  const Key key = test_key();
  const std::string plain(100, 'x');
  EXPECT_NE(mapping_flags(key.reveal().data()).find(" dd "), std::string::npos);
  EXPECT_EQ(mapping_flags(plain.data()).find(" dd "), std::string::npos);
}

TEST(KeyDeathTest, CannotBeOverwritten) {
  const Key key = test_key();
  EXPECT_DEATH(const_cast<volatile std::byte&>(key.reveal()[0]) = std::byte{1}, "");
}

TEST(KeyDeathTest, CannotBeReadBeyond) {
  const Key key = test_key();
  const volatile std::byte* const beyond = key.reveal().data() + Key::kSize;
  EXPECT_DEATH(static_cast<void>(*beyond), "");
}

}  // namespace
}  // namespace countersign::crypto
