#include "base/secret.h"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <ostream>
#include <type_traits>
#include <utility>

#include "base/heap_watch.h"
#include "base/json.h"
#include "base/log.h"

namespace countersign {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <class T>
concept Ordered = requires(const T& a, const T& b) {
  a < b;
};
template <class T>
concept ComparableWithText = requires(const T& a, std::string_view b) {
  a == b;
};
template <class T>
concept AppendableToText = requires(std::string& text, const T& value) {
  text += value;
};
template <class T>
concept AssignableToJson = requires(Json& json, T& value) {
  json["key"] = value;
};

// The proofs must be able to fail: each concept holds for an ordinary string.
static_assert(Streamable<std::string> && Comparable<std::string> && Ordered<std::string>);
static_assert(ComparableWithText<std::string> && AppendableToText<std::string> && AssignableToJson<std::string>);
static_assert(std::is_constructible_v<Json, std::string> &&
              std::is_constructible_v<LogField, const char*, std::string>);

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
static_assert(!Streamable<Secret>);
static_assert(!Comparable<Secret> && !Ordered<Secret> && !ComparableWithText<Secret>);
static_assert(!AppendableToText<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_constructible_v<std::string, Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view> && !std::is_constructible_v<std::string_view, Secret>);
static_assert(!std::is_convertible_v<Secret, const char*> && !std::is_convertible_v<Secret, bool>);
static_assert(!std::is_constructible_v<Json, Secret> && !std::is_constructible_v<Json, Secret&>);
static_assert(!AssignableToJson<Secret> && !AssignableToJson<const Secret>);
static_assert(!std::is_constructible_v<LogField, const char*, Secret>);
static_assert(!std::is_constructible_v<LogField, const char*, const Secret&>);
// A plain string becomes a secret only on purpose, and is given up.
static_assert(!std::is_convertible_v<std::string, Secret> && !std::is_constructible_v<Secret, const std::string&>);
static_assert(!std::is_constructible_v<Secret, const char*> || !std::is_convertible_v<const char*, Secret>);

constexpr std::string_view kLong = "sk_live_canary_0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kShort = "hunter2";  // lives inside the string object itself

// Looked for without their first bytes: clearing a string already writes a NUL over the first.
constexpr std::string_view kLongRest = kLong.substr(1);
constexpr std::string_view kShortRest = kShort.substr(3);

bool holds(const std::string& object, std::string_view bytes) {
  return ::memmem(&object, sizeof object, bytes.data(), bytes.size()) != nullptr;
}

TEST(Secret, RevealsExactlyWhatItWasGiven) {
  EXPECT_EQ(Secret(std::string(kLong)).reveal(), kLong);
  EXPECT_EQ(Secret::copy_of(std::string_view("a\0b", 3)).reveal(), std::string_view("a\0b", 3));
  EXPECT_EQ(Secret::copy_of(kShort).size(), kShort.size());
}

TEST(Secret, MayBeEmpty) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret(std::string()).empty());
  EXPECT_TRUE(Secret::copy_of({}).empty());
  EXPECT_TRUE(Secret::copy_of(Secret().reveal()).reveal().empty());
}

TEST(Secret, OverwritesTheStringItTakes) {
  const base::HeapWatch watch(kLongRest);
  {
    std::string plain(kLong);
    const Secret secret(std::move(plain));
    EXPECT_TRUE(plain.empty());
  }
  EXPECT_EQ(watch.leaks(), 0U);
}

TEST(Secret, OverwritesTheStringsSmallBuffer) {
  std::string plain(kShort);
  ASSERT_TRUE(holds(plain, kShortRest));
  const Secret secret(std::move(plain));
  EXPECT_FALSE(holds(plain, kShortRest));
}

TEST(Secret, OverwritesWhatAShortenedStringStillHolds) {
  std::string plain(kShort);
  plain.resize(2);
  ASSERT_TRUE(holds(plain, kShortRest));
  const Secret secret(std::move(plain));
  EXPECT_FALSE(holds(plain, kShortRest));
}

TEST(Secret, IsOverwrittenOnDestruction) {
  const base::HeapWatch watch(kLongRest);
  { const auto secret = Secret::copy_of(kLong); }
  EXPECT_EQ(watch.leaks(), 0U);
}

TEST(Secret, IsOverwrittenOnAssignment) {
  const base::HeapWatch watch(kLongRest);
  auto secret = Secret::copy_of(kLong);
  secret = Secret::copy_of(kShort);
  EXPECT_EQ(secret.reveal(), kShort);
  EXPECT_EQ(watch.leaks(), 0U);
}

TEST(Secret, IsEmptyOnceMovedFrom) {
  auto from = Secret::copy_of(kLong);
  const Secret to = std::move(from);
  EXPECT_EQ(to.reveal(), kLong);
  EXPECT_TRUE(from.empty());
  EXPECT_TRUE(from.reveal().empty());
}

TEST(Secret, SurvivesAssignmentToItself) {
  auto secret = Secret::copy_of(kLong);
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.reveal(), kLong);
}

}  // namespace
}  // namespace countersign
