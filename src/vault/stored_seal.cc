#include "vault/stored_seal.h"

#include "crypto/seal.h"

namespace countersign::vault {
namespace {

struct Stored {
  int key_version = 0;
  std::string_view seal;
};

Stored parse_stored(std::string_view stored) {
  const auto dot = stored.find('.');
  int version = 0;
  for (const char c : stored.substr(0, dot)) {
    if (c < '0' || c > '9' || version > 1'000'000) return {};
    version = version * 10 + (c - '0');
  }
  return {version, dot == std::string_view::npos ? "" : stored.substr(dot + 1)};
}

}  // namespace

std::string seal_for_row(const crypto::KeyRing& keys, WorkspaceId workspace, const Secret& value,
                         std::string_view associated_data, Random& random) {
  const int version = keys.data_version(workspace);
  return std::to_string(version) + "." +
         crypto::seal(keys.data_key(workspace, version), value, associated_data, random);
}

std::optional<Secret> open_from_row(const crypto::KeyRing& keys, WorkspaceId workspace, std::string_view stored,
                                    std::string_view associated_data) {
  const auto [version, seal] = parse_stored(stored);
  return crypto::open(keys.data_key(workspace, version), seal, associated_data);
}

}  // namespace countersign::vault
