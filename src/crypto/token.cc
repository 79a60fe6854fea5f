#include "crypto/token.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/wipe.h"
#include "crypto/mac.h"

namespace countersign::crypto {
namespace {

constexpr std::string_view kBrand = "cs_";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretText = 43;
constexpr std::size_t kRowKeyText = 14;  // an underscore and 13 digits
constexpr std::size_t kLongestKind = 16;
constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

bool is_kind(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKind &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// libsodium's decoder: takes the same time for every character and refuses non-zero trailing bits.
std::optional<Secret> decode_secret(std::string_view text) {
  std::array<char, kSecretBytes> bytes{};
  std::size_t length = 0;
  const int refused = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                                        text.size(), nullptr, &length, nullptr, kBase64);
  std::optional<Secret> secret;
  if (refused == 0 && length == kSecretBytes) secret = Secret::copy_of({bytes.data(), bytes.size()});
  base::wipe(bytes.data(), bytes.size());
  return secret;
}

// One buffer of the final size: growing would leave copies of the secret behind.
Secret token_text(std::string_view kind, std::int64_t row_key, const Secret& secret) {
  std::array<char, kSecretText + 1> encoded{};
  sodium_bin2base64(encoded.data(), encoded.size(), reinterpret_cast<const unsigned char*>(secret.reveal().data()),
                    secret.size(), kBase64);
  std::string text;
  text.reserve(kBrand.size() + kLongestKind + kRowKeyText + 1 + kSecretText);
  text += kBrand;
  text += base::id_text(kind, row_key);
  text += '_';
  text.append(encoded.data(), kSecretText);
  base::wipe(encoded.data(), encoded.size());
  return Secret(std::move(text));
}

Mac token_mac(const Key& token_key, const ParsedToken& token) {
  return mac(token_key, {"token", token.kind, base::id_text("", token.row_key), token.secret.reveal()});
}

void check_form(std::string_view kind, std::int64_t row_key) {
  if (is_kind(kind) && row_key > 0) return;
  throw Error(ErrorCode::kInternal, "token_kind", "A token could not be issued.", "kind or row key out of range");
}

IssuedToken token_of(std::string_view kind, std::int64_t row_key, const Key& token_key, Secret secret) {
  const ParsedToken token{std::string(kind), row_key, std::move(secret)};
  return {token_text(kind, row_key, token.secret), token_hash(token_key, token)};
}

}  // namespace

IssuedToken issue_token(std::string_view kind, std::int64_t row_key, const Key& token_key, Random& random) {
  check_form(kind, row_key);
  std::array<char, kSecretBytes> bytes{};
  random.fill(std::as_writable_bytes(std::span(bytes)));
  Secret secret = Secret::copy_of({bytes.data(), bytes.size()});
  base::wipe(bytes.data(), bytes.size());
  return token_of(kind, row_key, token_key, std::move(secret));
}

IssuedToken derive_token(std::string_view kind, std::int64_t row_key, const Key& token_key,
                         std::initializer_list<std::string_view> parts) {
  check_form(kind, row_key);
  const std::string row = base::id_text("", row_key);
  std::vector<std::string_view> all{kind, row};
  all.insert(all.end(), parts);
  Mac bytes = mac(token_key, "derived token 1", all);
  static_assert(sizeof bytes == kSecretBytes);
  Secret secret = Secret::copy_of(as_text(bytes));
  base::wipe(bytes.data(), bytes.size());
  return token_of(kind, row_key, token_key, std::move(secret));
}

std::optional<ParsedToken> parse_token(std::string_view text) {
  if (!text.starts_with(kBrand)) return std::nullopt;
  text.remove_prefix(kBrand.size());
  const std::string_view kind = text.substr(0, text.find('_'));
  if (!is_kind(kind) || text.size() != kind.size() + kRowKeyText + 1 + kSecretText) return std::nullopt;
  text.remove_prefix(kind.size());
  const auto row_key = base::parse_id("", text.substr(0, kRowKeyText));
  if (!row_key || text[kRowKeyText] != '_') return std::nullopt;
  auto secret = decode_secret(text.substr(kRowKeyText + 1));
  if (!secret) return std::nullopt;
  return ParsedToken{std::string(kind), *row_key, std::move(*secret)};
}

std::string token_hash(const Key& token_key, const ParsedToken& token) {
  return std::string(as_text(token_mac(token_key, token)));
}

bool token_matches(const Key& token_key, const ParsedToken& token, std::string_view stored_hash) {
  return equal(token_mac(token_key, token), as_bytes(stored_hash));
}

}  // namespace countersign::crypto
