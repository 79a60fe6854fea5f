// JSON with secrets in it: the same strict gate as parse_json, but every string that is a value goes from the text
// into memory that is wiped, and nowhere else. The parser of the library copies what it reads into ordinary memory,
// so it is shown a text without those strings.
//
// Not wiped are keys, numbers and the structure: nobody writes a token as one of those. Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/wipe.h"

namespace countersign {

// Pointers are JSON Pointers (RFC 6901), written by us or checked by the catalog. Views live as long as this object.
class SecretJson {
 public:
  SecretJson(SecretJson&&) noexcept;
  SecretJson& operator=(SecretJson&&) noexcept;
  ~SecretJson();

  bool is_object() const;
  // Something other than null stands there.
  bool has(std::string_view pointer) const;
  // Nothing when it is absent or something else.
  std::optional<std::string_view> text(std::string_view pointer) const;
  std::optional<std::int64_t> integer(std::string_view pointer) const;
  std::optional<bool> boolean(std::string_view pointer) const;
  // Of an array that holds nothing but strings.
  std::optional<std::vector<std::string_view>> texts(std::string_view pointer) const;

 private:
  friend SecretJson parse_secret_json(std::string_view text, const JsonLimits& limits);
  SecretJson(std::unique_ptr<const Json> shape, std::vector<WipingBuffer> strings);
  const Json* find(std::string_view pointer) const;
  std::string_view string_at(const Json& place) const;

  std::unique_ptr<const Json> shape_;  // where a string was stands its place in strings_
  std::vector<WipingBuffer> strings_;
};

// Throws as parse_json; `text` is wiped by its owner.
SecretJson parse_secret_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace countersign
