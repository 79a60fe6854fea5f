#include "identity/password_rules.h"

#include <zxcvbn.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/wipe.h"

namespace countersign::identity {
namespace {

// The estimate's cost grows with the square of the length; what comes later can only make it better.
constexpr std::size_t kEstimatedBytes = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains_login(std::string_view password, std::string_view login) {
  const std::string_view name = login.substr(0, login.find('@'));
  // A login of three letters stands in a good password by chance.
  if (name.size() < 4) return false;
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return std::search(password.begin(), password.end(), name.begin(), name.end(), same) != password.end();
}

// zxcvbn wants a terminated string: a copy, wiped like everything that held the password.
double estimated_bits(std::string_view password) {
  std::array<char, kEstimatedBytes + 1> text{};
  password.substr(0, kEstimatedBytes).copy(text.data(), kEstimatedBytes);
  const double bits = ZxcvbnMatch(text.data(), nullptr, nullptr);
  base::wipe(text.data(), text.size());
  return bits;
}

std::string weakness(std::string_view password, std::string_view login) {
  if (password.size() > kLongestPassword) return "A password may have at most 1024 bytes.";
  if (!is_utf8(password)) return "The password is not valid UTF-8 text.";
  if (password.find('\0') != std::string_view::npos) return "The password must not contain a NUL character.";
  if (code_points(password) < kShortestPassword) return "A password needs at least 12 characters.";
  if (contains_login(password, login)) return "The password must not contain the login.";
  if (estimated_bits(password) < kLeastPasswordBits) {
    return "This password is easy to guess: it is made of common words, repeats or rows of the keyboard.";
  }
  return {};
}

}  // namespace

std::string password_weakness(const Secret& password, std::string_view login) {
  return weakness(password.reveal(), login);
}

}  // namespace countersign::identity
