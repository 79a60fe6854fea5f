#include "base/secret_json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"

namespace countersign {
namespace {

[[noreturn]] void refuse(std::string_view why, std::size_t offset) {
  throw Error(ErrorCode::kInvalidArgument, "invalid_json",
              "The JSON is not acceptable at byte " + std::to_string(offset) + ": " + std::string(why) + ".");
}

void append_utf8(WipingBuffer& to, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
  }
  put(0x80 | (code_point & 0x3f));
}

// What stands between the quotes of one string (RFC 8259 section 7). Whatever parse_json refuses in a string is
// refused here, since parse_json does not get to see it.
class StringReader {
 public:
  StringReader(std::string_view inside, std::size_t offset) : rest_(inside), end_(offset + inside.size()) {}

  WipingBuffer read() {
    WipingBuffer text;
    text.reserve(rest_.size());  // no escape is shorter than what it means
    while (!rest_.empty()) {
      const char c = take();
      if (static_cast<unsigned char>(c) < 0x20) refuse("this is not JSON", at());
      if (c == '\\') {
        append_utf8(text, escaped());
      } else {
        text.push_back(c);
      }
    }
    if (!is_utf8(view(text))) refuse("this is not JSON", at());
    return text;
  }

 private:
  std::size_t at() const { return end_ - rest_.size(); }
  char take() {
    if (rest_.empty()) refuse("this is not JSON", at());
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::uint32_t escaped() {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    const char letter = take();
    if (letter == 'u') return code_point();
    const std::size_t known = kLetters.find(letter);
    if (known == std::string_view::npos) refuse("this is not JSON", at());
    return static_cast<std::uint32_t>(kMeaning[known]);
  }

  std::uint32_t code_point() {
    const std::uint32_t unit = four_digits();
    if (unit == 0) refuse("the string contains NUL", at());
    if (unit < 0xd800 || unit > 0xdfff) return unit;
    if (unit > 0xdbff || take() != '\\' || take() != 'u') refuse("this is not JSON", at());
    const std::uint32_t low = four_digits();
    if (low < 0xdc00 || low > 0xdfff) refuse("this is not JSON", at());
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }

  std::uint32_t four_digits() {
    std::uint32_t value = 0;
    const char* const end = rest_.data() + std::min<std::size_t>(rest_.size(), 4);
    const auto [read, error] = std::from_chars(rest_.data(), end, value, 16);
    if (error != std::errc() || read != rest_.data() + 4) refuse("this is not JSON", at());
    rest_.remove_prefix(4);
    return value;
  }

  std::string_view rest_;
  const std::size_t end_;
};

// Takes the strings out of a text: what is left has the same length, and "" where each of them was.
class Mask {
 public:
  explicit Mask(std::string_view text) : text_(text) { masked_.reserve(text.size()); }

  void run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '"') {
        take_string();
      } else {
        masked_ += text_[at_++];
      }
    }
  }
  const std::string& masked() const { return masked_; }
  std::vector<WipingBuffer> take_strings() { return std::move(strings_); }

 private:
  void take_string() {
    const std::size_t end = closing_quote();
    const std::string_view whole = text_.substr(at_, end + 1 - at_);
    if (is_key(end + 1)) {
      masked_ += whole;
    } else {
      strings_.push_back(StringReader(whole.substr(1, whole.size() - 2), at_ + 1).read());
      (masked_ += "\"\"").append(whole.size() - 2, ' ');
    }
    at_ = end + 1;
  }
  std::size_t closing_quote() const {
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') return i;
      if (text_[i] == '\\') ++i;
    }
    refuse("this is not JSON", text_.size());
  }
  // In a text that is JSON, only a key is followed by a colon.
  bool is_key(std::size_t behind) const {
    const std::size_t next = text_.find_first_not_of(" \t\r\n", behind);
    return next != std::string_view::npos && text_[next] == ':';
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string masked_;
  std::vector<WipingBuffer> strings_;
};

}  // namespace

SecretJson::SecretJson(std::unique_ptr<const Json> shape, std::vector<WipingBuffer> strings)
    : shape_(std::move(shape)), strings_(std::move(strings)) {}
SecretJson::SecretJson(SecretJson&&) noexcept = default;
SecretJson& SecretJson::operator=(SecretJson&&) noexcept = default;
SecretJson::~SecretJson() = default;

SecretJson parse_secret_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) refuse("the text is too long", limits.bytes);
  Mask mask(text);
  mask.run();
  return {std::make_unique<const Json>(parse_masked_json(mask.masked(), limits)), mask.take_strings()};
}

bool SecretJson::is_object() const { return shape_->is_object(); }

const Json* SecretJson::find(std::string_view pointer) const {
  const Json::json_pointer place{std::string(pointer)};
  return shape_->contains(place) ? &shape_->at(place) : nullptr;
}

std::string_view SecretJson::string_at(const Json& place) const {
  const std::string& number = place.get_ref<const std::string&>();
  std::size_t index = strings_.size();
  std::from_chars(number.data(), number.data() + number.size(), index);
  return view(strings_.at(index));
}

bool SecretJson::has(std::string_view pointer) const {
  const Json* const place = find(pointer);
  return place != nullptr && !place->is_null();
}

std::optional<std::string_view> SecretJson::text(std::string_view pointer) const {
  const Json* const place = find(pointer);
  if (place == nullptr || !place->is_string()) return std::nullopt;
  return string_at(*place);
}

// The gate lets through what 53 bits hold, unless its limits were raised.
std::optional<std::int64_t> SecretJson::integer(std::string_view pointer) const {
  const Json* const place = find(pointer);
  if (place == nullptr || !place->is_number_integer()) return std::nullopt;
  return place->get<std::int64_t>();
}

std::optional<bool> SecretJson::boolean(std::string_view pointer) const {
  const Json* const place = find(pointer);
  if (place == nullptr || !place->is_boolean()) return std::nullopt;
  return place->get<bool>();
}

std::optional<std::vector<std::string_view>> SecretJson::texts(std::string_view pointer) const {
  const Json* const place = find(pointer);
  if (place == nullptr || !place->is_array()) return std::nullopt;
  std::vector<std::string_view> all;
  for (const Json& one : *place) {
    if (!one.is_string()) return std::nullopt;
    all.push_back(string_at(one));
  }
  return all;
}

}  // namespace countersign
