#include "base/heap_watch.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

namespace {

std::atomic<bool> watching{false};
std::atomic<const char*> canary_bytes{nullptr};
std::atomic<std::size_t> canary_size{0};
std::atomic<std::size_t> leaked{0};
std::atomic<std::size_t> asked_for{0};

void* allocate(std::size_t size) noexcept {
  if (watching) asked_for += size;
  return std::malloc(size == 0 ? 1 : size);
}

void* allocate_or_throw(std::size_t size) {
  if (void* block = allocate(size)) return block;
  throw std::bad_alloc();
}

void release(void* block) noexcept {
  if (block != nullptr && watching && canary_size != 0 &&
      ::memmem(block, ::malloc_usable_size(block), canary_bytes, canary_size) != nullptr) {
    ++leaked;
  }
  std::free(block);
}

}  // namespace

// The whole set is replaced: a block must be freed by the partner of what allocated it.
void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { release(block); }

namespace countersign::base {

HeapWatch::HeapWatch(std::string_view canary) {
  canary_bytes = canary.data();
  canary_size = canary.size();
  leaked = 0;
  asked_for = 0;
  watching = true;
}

HeapWatch::~HeapWatch() { watching = false; }

std::size_t HeapWatch::leaks() const { return leaked; }
std::size_t HeapWatch::allocated() const { return asked_for; }

namespace {

constexpr std::string_view kCanary = "canary: find me if you can, I am long enough";

TEST(HeapWatch, FindsWhatAPlainStringLeavesBehind) {
  const HeapWatch watch(kCanary);
  { const std::string careless(kCanary); }
  EXPECT_EQ(watch.leaks(), 1U);
}

TEST(HeapWatch, CountsWhatIsAskedFor) {
  const HeapWatch watch;
  auto block = std::make_unique<char[]>(1000);
  block[0] = 1;
  EXPECT_GE(watch.allocated(), 1000U);
  EXPECT_LT(watch.allocated(), 2000U);
}

}  // namespace
}  // namespace countersign::base
