#include "catalog/json_object.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/closest.h"
#include "base/encoding.h"

namespace countersign::catalog {
namespace {

std::string_view type_name(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  return "null";
}

std::string must_be(std::string_view wanted, const Json& value) {
  return "must be " + std::string(wanted) + ", but " + std::string(type_name(value)) + " stands there";
}

// RFC 6901 section 3: '~' and '/' inside a key are escaped.
std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~') token += "~0";
    if (c == '/') token += "~1";
    if (c != '~' && c != '/') token += c;
  }
  return token;
}

}  // namespace

Error bad_integration(std::string_view file, const std::string& pointer, std::string_view what) {
  std::string message = std::string(file) + ": " + (pointer.empty() ? "" : pointer + ": ") + std::string(what);
  if (!message.ends_with('?')) message += '.';
  return Error(ErrorCode::kInvalidArgument, "bad_integration", std::move(message)).at(pointer);
}

JsonObject::JsonObject(std::string_view file, std::string pointer, const Json& value)
    : file_(file), pointer_(std::move(pointer)), value_(&value) {
  if (!value.is_object()) throw error("", must_be("an object", value));
}

JsonObject::JsonObject(std::string_view file, std::string pointer, const Json& value, Keys known)
    : JsonObject(file, std::move(pointer), value) {
  for (const auto& [key, member] : value.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw error(key, "unknown key" + did_you_mean(key, known));
  }
}

std::string JsonObject::pointer_to(std::string_view key) const {
  return key.empty() ? pointer_ : pointer_ + "/" + pointer_token(key);
}

Error JsonObject::error(std::string_view key, std::string_view what) const {
  return bad_integration(file_, pointer_to(key), what);
}

Error JsonObject::error(std::string_view key, std::size_t item, std::string_view what) const {
  return bad_integration(file_, pointer_to(key) + "/" + std::to_string(item), what);
}

const Json* JsonObject::find(std::string_view key) const {
  const auto found = value_->find(key);
  return found == value_->end() ? nullptr : &*found;
}

const Json& JsonObject::need(std::string_view key) const {
  const Json* value = find(key);
  if (!value) throw error(key, "is missing");
  return *value;
}

std::string JsonObject::checked_text(const std::string& pointer, const Json& value, std::size_t limit) const {
  if (!value.is_string()) throw bad_integration(file_, pointer, must_be("text", value));
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) throw bad_integration(file_, pointer, "must not be empty");
  if (code_points(text) > limit) {
    throw bad_integration(file_, pointer, "is longer than " + std::to_string(limit) + " characters");
  }
  return text;
}

std::string JsonObject::text(std::string_view key, std::size_t limit) const {
  return checked_text(pointer_to(key), need(key), limit);
}

std::string JsonObject::optional_text(std::string_view key, std::size_t limit) const {
  const Json* value = find(key);
  return value ? checked_text(pointer_to(key), *value, limit) : std::string();
}

std::size_t JsonObject::count(std::string_view key, std::size_t otherwise, std::size_t limit) const {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (!value->is_number_unsigned()) throw error(key, must_be("a whole number", *value));
  const auto number = value->get<std::size_t>();
  if (number > limit) throw error(key, "is larger than " + std::to_string(limit));
  return number;
}

bool JsonObject::flag(std::string_view key, bool otherwise) const {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (!value->is_boolean()) throw error(key, must_be("true or false", *value));
  return value->get<bool>();
}

std::vector<std::string> JsonObject::texts(std::string_view key, std::size_t item_limit) const {
  std::vector<std::string> items;
  const Json* value = find(key);
  if (!value) return items;
  if (!value->is_array()) throw error(key, must_be("a list", *value));
  for (std::size_t i = 0; i < value->size(); ++i) {
    items.push_back(checked_text(pointer_to(key) + "/" + std::to_string(i), (*value)[i], item_limit));
  }
  return items;
}

std::vector<JsonObject> JsonObject::objects(std::string_view key, Keys known) const {
  std::vector<JsonObject> items;
  const Json& value = need(key);
  if (!value.is_array()) throw error(key, must_be("a list", value));
  if (value.empty()) throw error(key, "must have at least one entry");
  for (std::size_t i = 0; i < value.size(); ++i) {
    items.emplace_back(file_, pointer_to(key) + "/" + std::to_string(i), value[i], known);
  }
  return items;
}

std::optional<JsonObject> JsonObject::optional_object(std::string_view key, Keys known) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  return JsonObject(file_, pointer_to(key), *value, known);
}

std::optional<JsonObject> JsonObject::optional_map(std::string_view key) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  return JsonObject(file_, pointer_to(key), *value);
}

std::vector<std::string> JsonObject::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, member] : value_->items()) keys.push_back(key);
  return keys;
}

}  // namespace countersign::catalog
