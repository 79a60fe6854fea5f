// One object of an integration file, read key by key. Keys that its shape does not know are refused first,
// by name and with the nearest known one: a typing error must not look like a missing key. Used by this
// folder only; lives while one file is parsed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace countersign::catalog {

class JsonObject {
 public:
  using Keys = std::span<const std::string_view>;

  // `file` and `pointer` say where it stands. Throws when `value` is no object or has a key not in `known`.
  JsonObject(std::string_view file, std::string pointer, const Json& value, Keys known);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  // Throw when the key is missing, of the wrong type, empty or longer than `limit` code points.
  std::string text(std::string_view key, std::size_t limit) const;
  std::size_t count(std::string_view key, std::size_t otherwise, std::size_t limit) const;
  bool flag(std::string_view key, bool otherwise) const;
  std::string optional_text(std::string_view key, std::size_t limit) const;
  std::vector<std::string> texts(std::string_view key, std::size_t item_limit) const;
  std::vector<JsonObject> objects(std::string_view key, Keys known) const;
  std::optional<JsonObject> optional_object(std::string_view key, Keys known) const;
  // One whose keys are free, like the names of headers: keys() says what they are. Null when absent.
  std::optional<JsonObject> optional_map(std::string_view key) const;
  std::vector<std::string> keys() const;

  std::string pointer_to(std::string_view key) const;
  // What is wrong at `key` (empty: the object itself), or at one item of the list that stands there.
  [[nodiscard]] Error error(std::string_view key, std::string_view what) const;
  [[nodiscard]] Error error(std::string_view key, std::size_t item, std::string_view what) const;

 private:
  JsonObject(std::string_view file, std::string pointer, const Json& value);

  const Json* find(std::string_view key) const;
  const Json& need(std::string_view key) const;
  std::string checked_text(const std::string& pointer, const Json& value, std::size_t limit) const;

  std::string_view file_;
  std::string pointer_;
  const Json* value_;
};

// The one shape of these errors: file, JSON Pointer, what is wrong.
Error bad_integration(std::string_view file, const std::string& pointer, std::string_view what);

}  // namespace countersign::catalog
