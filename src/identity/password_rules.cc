#include "identity/password_rules.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/encoding.h"
#include "base/wipe.h"
#include "identity/common_passwords.h"

namespace countersign::identity {
namespace {

// Costs in bits. A common word is one of 2^12, with a capital or a digit for a letter one more; a run or a
// year is one of about 2^7.
constexpr double kWordBits = 12;
constexpr double kDisguisedWordBits = 13;
constexpr double kRunBits = 7;

constexpr std::array<std::string_view, 6> kKeyboardRows = {
    "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The letter that people write another way: p@ssw0rd.
char plain_letter(char c) {
  constexpr std::string_view kDisguise = "@4031!5$7";
  constexpr std::string_view kLetter = "aaoeiisst";
  const std::size_t at = kDisguise.find(c);
  return at == std::string_view::npos ? c : kLetter[at];
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

double character_bits(char c) {
  if (is_digit(c)) return 3.33;
  if (c >= 'a' && c <= 'z') return 4.7;
  // Of a UTF-8 sequence (RFC 3629) the first byte counts for the whole.
  if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) return 0;
  return 6;
}

std::size_t repeat_at(std::string_view text) {
  const std::size_t end = text.find_first_not_of(text.front());
  return std::min(end, text.size());
}

// Length of the piece of a keyboard row, forwards or backwards, that `text` begins with.
std::size_t run_at(std::string_view text) {
  std::size_t longest = 0;
  for (const std::string_view row : kKeyboardRows) {
    for (std::size_t start = row.find(text.front()); start != std::string_view::npos;
         start = row.find(text.front(), start + 1)) {
      std::size_t up = 1;
      while (up < text.size() && start + up < row.size() && text[up] == row[start + up]) ++up;
      std::size_t down = 1;
      while (down < text.size() && down <= start && text[down] == row[start - down]) ++down;
      longest = std::max({longest, up, down});
    }
  }
  return longest;
}

bool is_year(std::string_view text) {
  if (text.size() < 4 || !std::all_of(text.begin(), text.begin() + 4, is_digit)) return false;
  return text.starts_with("19") || text.starts_with("20");
}

// The least number of characters after which the text repeats itself to its end; its size if it does not.
std::size_t period(std::string_view text) {
  for (std::size_t length = 1; length <= text.size() / 2; ++length) {
    if (text.substr(length) == text.substr(0, text.size() - length)) return length;
  }
  return text.size();
}

// The texts a password is looked at as. Wiped: they hold what it holds.
struct Views {
  WipingBuffer lowered;
  WipingBuffer letters;  // with disguises undone

  explicit Views(std::string_view password) {
    lowered.reserve(password.size());
    letters.reserve(password.size());
    for (const char c : password) {
      lowered.push_back(lower(c));
      letters.push_back(plain_letter(lower(c)));
    }
  }
};

// Cheapest way to put the text together from left to right: bits[i] is what its first i bytes cost.
class Cut {
 public:
  explicit Cut(std::size_t size) : bits_(size + 1, 1e9) { bits_[0] = 0; }
  void piece(std::size_t from, std::size_t length, double cost) {
    bits_[from + length] = std::min(bits_[from + length], bits_[from] + cost);
  }
  double total() const { return bits_.back(); }

 private:
  std::vector<double> bits_;
};

void add_words(Cut& cut, std::size_t from, std::string_view lowered, std::string_view letters) {
  const std::size_t longest = std::min(kLongestCommonPassword, lowered.size());
  for (std::size_t length = kShortestCommonPassword; length <= longest; ++length) {
    if (is_common_password(lowered.substr(0, length))) cut.piece(from, length, kWordBits);
    if (is_common_password(letters.substr(0, length))) cut.piece(from, length, kDisguisedWordBits);
  }
}

bool contains_login(std::string_view lowered, std::string_view login) {
  const std::string_view name = login.substr(0, login.find('@'));
  // A login of three letters stands in a good password by chance.
  return name.size() >= 4 && lowered.find(name) != std::string_view::npos;
}

}  // namespace

double guess_bits(std::string_view password) {
  const Views views(password);
  const std::size_t unit = period(view(views.lowered));
  const std::string_view lowered = view(views.lowered).substr(0, unit);
  const std::string_view letters = view(views.letters).substr(0, unit);
  Cut cut(unit);
  for (std::size_t i = 0; i < unit; ++i) {
    const std::string_view rest = lowered.substr(i);
    cut.piece(i, 1, character_bits(rest.front()));
    if (const std::size_t length = repeat_at(rest); length >= 2) cut.piece(i, length, character_bits(rest.front()) + 1);
    if (const std::size_t length = run_at(rest); length >= 3) cut.piece(i, length, kRunBits);
    if (is_year(rest)) cut.piece(i, 4, kRunBits);
    add_words(cut, i, rest, letters.substr(i));
  }
  return unit == password.size() ? cut.total() : cut.total() + 1;
}

std::string password_weakness(std::string_view password, std::string_view login) {
  if (password.size() > kLongestPassword) return "A password may have at most 1024 bytes.";
  if (!is_utf8(password)) return "The password is not valid UTF-8 text.";
  if (code_points(password) < kShortestPassword) return "A password needs at least 12 characters.";
  const Views views(password);
  if (contains_login(view(views.lowered), login)) return "The password must not contain the login.";
  if (guess_bits(password) < kLeastPasswordBits) {
    return "This password is easy to guess: it is made of common words, repeats or rows of the keyboard.";
  }
  return {};
}

}  // namespace countersign::identity
