#include "oauth/connect_parts.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/wipe.h"
#include "crypto/mac.h"
#include "handoff/base_url.h"

namespace countersign::oauth {
namespace {

constexpr std::string_view kFlowKind = "oauth flow";  // of vault::SealedObject
constexpr std::string_view kFlowField = "verifier";
constexpr std::size_t kWordsSize = 43;

constexpr std::size_t kDigits = 13;     // of an id
constexpr std::size_t kStateHalf = 16;  // bytes: random ones, and of the MAC

std::string digits_of(HandoffId handoff) { return handoff.text().substr(HandoffTag::kPrefix.size() + 1); }

crypto::Mac state_mac(const crypto::KeyRing& keys, std::string_view digits, std::span<const std::byte> nonce) {
  return crypto::mac(keys.key(crypto::KeyPurpose::kLink), {"oauth state 2", digits, as_text(nonce)});
}

domain::Field base_url_field() {
  domain::Field field;
  field.name = handoff::kBaseUrlField;
  field.label = "base URL";
  field.hint = "Where the API is called: the credential is sent there and nowhere else";
  field.placeholder = "https://api.example.com";
  field.sensitivity = domain::Sensitivity::kPlain;
  return field;
}

bool says(const domain::OAuthClient& client, std::string_view field) {
  return std::any_of(client.plain_fields.begin(), client.plain_fields.end(),
                     [&](const auto& entry) { return entry.first == field; });
}

vault::SealedObject place_of(const domain::OAuthFlow& flow, const std::string& object) {
  return {flow.workspace, kFlowKind, object, kFlowField};
}

}  // namespace

std::vector<const domain::Field*> fields_to_ask(const domain::Integration& integration,
                                                const domain::AuthTemplate& form, const domain::OAuthClient& client) {
  static const domain::Field kBaseUrl = base_url_field();
  std::vector<const domain::Field*> fields;
  if (integration.base_url_rule == domain::BaseUrlRule::kPersonEnters) fields.push_back(&kBaseUrl);
  for (const domain::Field& field : form.fields) {
    if (!says(client, field.name)) fields.push_back(&field);
  }
  return fields;
}

std::string resource_of(const domain::OAuthClient& client, const domain::OAuthSpec& spec) {
  if (spec.resource_use == domain::ResourceUse::kOmit) return {};
  return client.resource.empty() ? spec.resource : client.resource;
}

const std::string& issuer_of(const domain::OAuthServer& server) {
  return server.issuer.empty() ? server.token_endpoint : server.issuer;
}

std::string new_state(const crypto::KeyRing& keys, HandoffId handoff, Random& random) {
  const std::string digits = digits_of(handoff);
  std::array<std::byte, 2 * kStateHalf> bytes{};
  const auto nonce = std::span(bytes).first<kStateHalf>();
  random.fill(nonce);
  const crypto::Mac mac = state_mac(keys, digits, nonce);
  std::copy_n(mac.begin(), kStateHalf, bytes.begin() + kStateHalf);
  return digits + "." + base64url(bytes);
}

std::optional<HandoffId> verify_state(const crypto::KeyRing& keys, std::string_view state) {
  if (state.size() != kDigits + 1 + kWordsSize || state[kDigits] != '.') return std::nullopt;
  const std::string_view digits = state.substr(0, kDigits);
  const auto bytes = parse_base64url(state.substr(kDigits + 1));
  if (!bytes || bytes->size() != 2 * kStateHalf) return std::nullopt;
  const auto halves = std::span<const std::byte>(*bytes);
  const crypto::Mac mac = state_mac(keys, digits, halves.first(kStateHalf));
  if (!crypto::equal(halves.last(kStateHalf), std::span(mac).first(kStateHalf))) return std::nullopt;
  return HandoffId::parse(std::string(HandoffTag::kPrefix) + "_" + std::string(digits));
}

std::string state_hash(const crypto::KeyRing& keys, std::string_view state) {
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kToken), {"oauth state 1", state}));
}

std::string browser_hash(const crypto::KeyRing& keys, const Secret& proof) {
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kToken), {"oauth browser 1", proof.reveal()}));
}

Secret random_words(Random& random) {
  std::array<std::byte, 32> bytes{};
  random.fill(bytes);
  Secret words(base64url(bytes));
  base::wipe(bytes.data(), bytes.size());
  return words;
}

std::string sealed(const vault::ObjectSeal& seals, const domain::OAuthFlow& flow, const FlowSecrets& secrets) {
  WipingBuffer both;
  append(both, secrets.verifier.reveal());
  append(both, secrets.nonce.reveal());
  const std::string object = flow.handoff.text();
  return seals.seal(place_of(flow, object), Secret::copy_of(view(both)));
}

FlowSecrets unsealed(const vault::ObjectSeal& seals, const domain::OAuthFlow& flow) {
  const std::string object = flow.handoff.text();
  const Secret both = seals.open(place_of(flow, object), flow.sealed);
  const std::string_view words = both.reveal();
  return {Secret::copy_of(words.substr(0, kWordsSize)),
          Secret::copy_of(words.substr(std::min(kWordsSize, words.size())))};
}

}  // namespace countersign::oauth
