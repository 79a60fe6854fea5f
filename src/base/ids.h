// Strong ids. A row's key is a 63-bit integer that grows with time: neighbours in the index were made
// together, which keeps inserts at the right edge of the tree (docs/performance.md). It is no secret
// and no proof: every look-up by id also checks who asks.
//
// Text form: `<prefix>_` and 13 lower-case Crockford base32 digits, e.g. `ho_01jd8w3m5k2va`.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign {

namespace base {
std::string id_text(std::string_view prefix, std::int64_t value);
// Empty unless it is exactly what id_text writes.
std::optional<std::int64_t> parse_id(std::string_view prefix, std::string_view text);
}  // namespace base

template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::int64_t row_key) : value_(row_key) {}

  static std::optional<Id> parse(std::string_view text) {
    if (auto value = base::parse_id(Tag::kPrefix, text)) return Id(*value);
    return std::nullopt;
  }

  constexpr std::int64_t value() const { return value_; }
  constexpr bool valid() const { return value_ != 0; }
  std::string text() const { return base::id_text(Tag::kPrefix, value_); }

  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::int64_t value_ = 0;  // 0: none
};

// clang-format off
struct WorkspaceTag  { static constexpr std::string_view kPrefix = "ws"; };
struct PersonTag     { static constexpr std::string_view kPrefix = "pe"; };
struct AgentTag      { static constexpr std::string_view kPrefix = "ag"; };
struct SessionTag    { static constexpr std::string_view kPrefix = "se"; };
struct SignInLinkTag { static constexpr std::string_view kPrefix = "li"; };
struct HandoffTag    { static constexpr std::string_view kPrefix = "ho"; };
struct ConnectionTag { static constexpr std::string_view kPrefix = "co"; };
struct KeyTag        { static constexpr std::string_view kPrefix = "ke"; };
struct BindingTag    { static constexpr std::string_view kPrefix = "pb"; };
struct OAuthClientTag{ static constexpr std::string_view kPrefix = "oc"; };
struct DeliveryTag   { static constexpr std::string_view kPrefix = "wd"; };
// clang-format on

using WorkspaceId = Id<WorkspaceTag>;
using PersonId = Id<PersonTag>;
using AgentId = Id<AgentTag>;
using SessionId = Id<SessionTag>;
using SignInLinkId = Id<SignInLinkTag>;
using HandoffId = Id<HandoffTag>;
using ConnectionId = Id<ConnectionTag>;
using KeyId = Id<KeyTag>;
using BindingId = Id<BindingTag>;
using OAuthClientId = Id<OAuthClientTag>;
using DeliveryId = Id<DeliveryTag>;

}  // namespace countersign
