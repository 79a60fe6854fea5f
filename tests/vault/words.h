// Small words that the tests of this folder share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "vault/bindings.h"

namespace countersign::vault {

// In every secret of these tests, so that one look finds any of them.
inline constexpr std::string_view kCanary = "canary";

// The reason of the Error that `act` throws, "none" without one; no word of it holds a secret.
inline std::string reason_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), ::testing::Not(::testing::HasSubstr(std::string(kCanary))));
    return error.reason();
  }
  return "none";
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

inline std::vector<std::string> ids_of(const std::vector<ProviderItem>& items) {
  std::vector<std::string> ids;
  for (const ProviderItem& item : items) ids.push_back(item.id);
  return ids;
}

}  // namespace countersign::vault
