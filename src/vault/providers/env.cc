// The provider `env`: variables of our own environment, by their name.
#include <algorithm>
#include <array>
#include <utility>

#include "base/wipe.h"
#include "vault/providers.h"
#include "vault/providers/refusals.h"

namespace countersign::vault {
namespace {

constexpr std::string_view kName = "env";
constexpr std::size_t kShortestPrefix = 3;
constexpr std::size_t kMostItems = 1000;

// What decides where our keys are, what we load and what we run. No name that begins so is ever an item.
constexpr std::array<std::string_view, 5> kReserved{"COUNTERSIGN", "CREDENTIALS_DIRECTORY", "LD_", "PATH", "HOME"};

bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Some name begins with both when one of the two begins with the other.
bool could_meet(std::string_view prefix, std::string_view reserved) {
  return prefix.starts_with(reserved) || reserved.starts_with(prefix);
}

void check_prefix(std::string_view prefix) {
  if (prefix.size() < kShortestPrefix || !is_name(prefix)) {
    throw bad_setting("env_prefix", "must have at least three characters, all of them letters, digits or _");
  }
  for (const std::string_view reserved : kReserved) {
    if (!could_meet(prefix, reserved)) continue;
    throw bad_setting("env_prefix",
                      "would open variables whose name begins with " + std::string(reserved) + "; choose another");
  }
}

class EnvProvider final : public Provider {
 public:
  EnvProvider(std::string prefix, const std::map<std::string, std::string>& environment) : prefix_(std::move(prefix)) {
    check_prefix(prefix_);
    for (const auto& [name, value] : environment) {
      if (name.starts_with(prefix_) && is_name(name) && !value.empty()) append(values_[name], value);
    }
  }

  std::string_view name() const override { return kName; }
  std::string description() const override { return "environment variables whose name begins with " + prefix_; }

  std::vector<ProviderItem> items() const override {
    std::vector<ProviderItem> found;
    for (const auto& [variable, value] : values_) {
      if (found.size() < kMostItems) found.push_back({variable, variable});
    }
    return found;
  }

  Secret resolve(std::string_view item) const override {
    if (!item.starts_with(prefix_) || !is_name(item)) {
      throw item_not_allowed(kName, "is not a variable whose name begins as the configuration says");
    }
    const auto found = values_.find(item);
    if (found == values_.end()) throw unknown_item(kName);
    return Secret::copy_of(view(found->second));
  }

 private:
  const std::string prefix_;
  std::map<std::string, WipingBuffer, std::less<>> values_;
};

}  // namespace

std::unique_ptr<Provider> env_provider(std::string prefix, const std::map<std::string, std::string>& environment) {
  return std::make_unique<EnvProvider>(std::move(prefix), environment);
}

}  // namespace countersign::vault
