// What a grant allows its agent to ask for. None of them lets an agent decide, sign in or see a secret:
// those are not an agent's to have, whatever its scopes. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "domain/state_machine.h"

namespace countersign::domain {

enum class Scope {
  kRead,     // see which integrations and connections there are
  kConnect,  // ask a person for a credential, and wait for the outcome
  kChange,   // ask a person to create, replace or remove a connection
  kUse,      // use connections through the gateway, as the policy allows
};
inline constexpr Names<Scope, 4> kScopeNames{{"read", "connect", "change", "use"}};

class ScopeSet {
 public:
  constexpr ScopeSet() = default;
  constexpr ScopeSet(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) bits_ |= bit(scope);
  }
  static constexpr ScopeSet all() { return {Scope::kRead, Scope::kConnect, Scope::kChange, Scope::kUse}; }
  // What an agent gets that asks for nothing in particular.
  static constexpr ScopeSet usual() { return {Scope::kRead, Scope::kConnect, Scope::kUse}; }
  static constexpr ScopeSet from_bits(std::uint32_t bits) {
    ScopeSet set;
    set.bits_ = bits & all().bits_;
    return set;
  }

  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  constexpr bool contains(ScopeSet other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr void add(Scope scope) { bits_ |= bit(scope); }
  friend constexpr bool operator==(ScopeSet, ScopeSet) = default;

 private:
  static constexpr std::uint32_t bit(Scope scope) { return 1U << static_cast<unsigned>(scope); }
  std::uint32_t bits_ = 0;
};

// Separated by spaces (RFC 6749 section 3.3), in the enum's order.
std::string text_of(ScopeSet scopes);
// Nothing when a word is unknown; `unknown` (may be null) then says which. The empty text is the empty set.
std::optional<ScopeSet> parse_scopes(std::string_view text, std::string* unknown = nullptr);

}  // namespace countersign::domain
