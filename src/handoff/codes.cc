#include "handoff/codes.h"

#include <array>
#include <cstddef>
#include <optional>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/links.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view kAlphabet = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kGroup = 4;
constexpr std::size_t kUserCodeLetters = 8;
constexpr std::size_t kReturnCodeLetters = 12;

// Nothing for the upper end of the byte: 240 is the largest multiple of 20, so no letter is likelier than another.
std::optional<char> letter_of(std::byte byte) {
  const auto value = std::to_integer<unsigned>(byte);
  if (value >= 240) return std::nullopt;
  return kAlphabet[value % kAlphabet.size()];
}

void append(std::string& letters, std::byte byte, std::size_t most) {
  if (letters.size() == most) return;
  if (const auto letter = letter_of(byte)) letters += *letter;
}

std::string grouped(std::string_view letters) {
  std::string code;
  for (std::size_t at = 0; at < letters.size(); at += kGroup) {
    if (at != 0) code += '-';
    code += letters.substr(at, kGroup);
  }
  return code;
}

std::string normalised(std::string_view typed) {
  std::string letters;
  for (const char c : typed) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    letters += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return letters;
}

}  // namespace

std::string new_user_code(Random& random) {
  std::string letters;
  while (letters.size() < kUserCodeLetters) {
    std::array<std::byte, kUserCodeLetters> bytes{};
    random.fill(bytes);
    for (const std::byte byte : bytes) append(letters, byte, kUserCodeLetters);
  }
  return grouped(letters);
}

std::string return_code(const crypto::KeyRing& keys, HandoffId id) {
  std::string letters;
  // One block of 32 bytes is enough for all but one id in many millions.
  for (int block = 0; letters.size() < kReturnCodeLetters; ++block) {
    const auto bytes =
        crypto::mac(keys.key(crypto::KeyPurpose::kLink), {"return code 1", digits_of(id), std::to_string(block)});
    for (const std::byte byte : bytes) append(letters, byte, kReturnCodeLetters);
  }
  return grouped(letters);
}

std::string return_code_hash(const crypto::KeyRing& keys, std::string_view typed) {
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kLink), {"return code hash 1", normalised(typed)}));
}

bool same_code(std::string_view typed, std::string_view code) {
  return crypto::equal(as_bytes(normalised(typed)), as_bytes(normalised(code)));
}

}  // namespace countersign::handoff
