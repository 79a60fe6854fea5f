#include "base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.h"

namespace countersign {
namespace {

[[noreturn]] void refuse(std::string_view why, std::size_t offset) {
  throw Error(ErrorCode::kInvalidArgument, "invalid_json",
              "The JSON is not acceptable at byte " + std::to_string(offset) + ": " + std::string(why) + ".");
}

// Walks the text for nlohmann's lexer and tells the handler how far it has come; a SAX event carries no position.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, std::size_t* read) : at_(at), read_(read) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    ++at_;
    ++*read_;
    return *this;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }
  friend bool operator!=(const Cursor& a, const Cursor& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  std::size_t* read_;
};

// Builds the value. Every check comes before the allocation it protects; the first refusal throws
// through the parser, which keeps no state that matters.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(const JsonLimits& limits, const std::size_t& read) : limits_(limits), read_(read) {}
  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr) != nullptr; }
  bool boolean(bool value) override { return add(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) override {
    check_magnitude(value);
    return add(value) != nullptr;
  }
  bool number_integer(std::int64_t value) override {  // called for literals with a minus only
    if (value == 0) refuse("-0 is not an integer", read_);
    check_magnitude(~static_cast<std::uint64_t>(value) + 1);
    return add(value) != nullptr;
  }
  bool number_float(double value, const std::string& literal) override {
    // The lexer falls back to a double for an integer literal that 64 bits do not hold.
    if (literal.find_first_of(".eE") == std::string::npos) refuse("the integer is too large", read_);
    const auto mantissa = std::string_view(literal).substr(0, literal.find_first_of("eE"));
    if (value == 0 && mantissa.find_first_of("123456789") != std::string_view::npos) {
      refuse("the number is too small", read_);
    }
    return add(value) != nullptr;
  }
  bool string(std::string& value) override {
    check_string(value);
    return add(std::move(value)) != nullptr;
  }
  bool binary(Json::binary_t&) override { return false; }  // no such thing in text

  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool key(std::string& name) override {
    check_string(name);
    count();
    const auto [member, is_new] = open_.back()->emplace(std::move(name), nullptr);
    if (!is_new) refuse("the key appears twice in its object", read_);
    member_ = &*member;
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_array() override { return close(); }

  // nlohmann's own text quotes the input, so it stays here. 406: a number became infinite.
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    refuse(error.id == 406 ? "the number is too large" : "this is not JSON", position);
  }

 protected:
  // Pointers stay valid: only the innermost open container grows.
  Json* add(Json value) {
    count();
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*member_ = std::move(value));
    return &open_.back()->emplace_back(std::move(value));
  }

 private:
  void count() {
    if (++values_ > limits_.values) refuse("too many values", read_);
  }
  void check_magnitude(std::uint64_t magnitude) const {
    if (magnitude > limits_.largest_integer) refuse("the integer is too large", read_);
  }
  void check_string(const std::string& text) const {
    if (text.find('\0') != std::string::npos) refuse("the string contains NUL", read_);
  }

  bool open(Json::value_t type) {
    if (open_.size() == limits_.depth) refuse("too deeply nested", read_);
    open_.push_back(add(type));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  const std::size_t& read_;
  Json root_;
  std::vector<Json*> open_;
  Json* member_ = nullptr;  // where the value of the last key goes
  std::size_t values_ = 0;
};

// Numbers the strings in the order of the text.
class MaskedBuilder final : public Builder {
 public:
  using Builder::Builder;
  bool string(std::string&) override { return add(std::to_string(strings_++)) != nullptr; }

 private:
  std::size_t strings_ = 0;
};

template <class AnyBuilder>
Json parse_with(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) refuse("the text is too long", limits.bytes);
  // The lexer skips a byte order mark and takes a raw NUL for the end, ignoring what follows.
  if (text.starts_with("\xef\xbb\xbf")) refuse("a byte order mark", 0);
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) refuse("the text contains NUL", nul);
  std::size_t read = 0;
  AnyBuilder builder(limits, read);
  const Cursor begin(text.data(), &read);
  const Cursor end(text.data() + text.size(), &read);
  if (!Json::sax_parse(begin, end, &builder)) refuse("this is not JSON", read);
  return builder.take();
}

}  // namespace

Json parse_json(std::string_view text, const JsonLimits& limits) { return parse_with<Builder>(text, limits); }

Json parse_masked_json(std::string_view text, const JsonLimits& limits) {
  return parse_with<MaskedBuilder>(text, limits);
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string json_quote(std::string_view text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (!plain) return dump_json(text);
  std::string quoted;
  quoted.reserve(text.size() + 2);
  ((quoted += '"') += text) += '"';
  return quoted;
}

}  // namespace countersign
