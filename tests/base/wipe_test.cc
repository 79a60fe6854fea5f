#include "base/wipe.h"

#include <gtest/gtest.h>

#include <array>

#include "base/heap_watch.h"

namespace countersign {
namespace {

constexpr std::string_view kCanary = "sk_live_canary_0123456789abcdefghij";

TEST(Wipe, OverwritesEveryByteAndNoOther) {
  std::array<char, 5> bytes{'a', 'b', 'c', 'd', 'e'};
  base::wipe(bytes.data() + 1, 3);
  EXPECT_EQ(bytes, (std::array<char, 5>{'a', 0, 0, 0, 'e'}));
}

TEST(Wipe, OfNothingIsAllowed) { base::wipe(nullptr, 0); }

TEST(WipingBuffer, LeavesNothingWhenItGoes) {
  const base::HeapWatch watch(kCanary);
  {
    WipingBuffer buffer;
    append(buffer, kCanary);
    EXPECT_EQ(view(buffer), kCanary);
  }
  EXPECT_EQ(watch.leaks(), 0U);
}

TEST(WipingBuffer, LeavesNothingWhenItGrows) {
  const base::HeapWatch watch(kCanary);
  WipingBuffer buffer;
  append(buffer, kCanary);
  const char* const before = buffer.data();
  buffer.resize(buffer.capacity() * 64);
  ASSERT_NE(buffer.data(), before);
  EXPECT_EQ(watch.leaks(), 0U);
}

TEST(WipingBuffer, LeavesNothingInItsUnusedTail) {
  const base::HeapWatch watch(kCanary);
  {
    WipingBuffer buffer;
    append(buffer, kCanary);
    buffer.clear();
  }
  EXPECT_EQ(watch.leaks(), 0U);
}

}  // namespace
}  // namespace countersign
