// Declares a tool's input or output in one expression:
//
//   schema::Object()
//       .required("integration", schema::text("Slug from integrations.list", {.max = 64}))
//       .optional("owner", schema::one_of("Whose account it becomes", {"user", "org"}))
//       .json();
//
// What it writes is the part of JSON Schema 2020-12 that schema_check.h enforces, so the schema that is
// listed is the one that holds. Value types, used while the program starts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "mcp/jsonrpc.h"

namespace countersign::mcp::schema {

struct TextLimits {
  std::size_t min = 1;  // in characters, not bytes; absent is not the same as empty
  std::size_t max = 256;
};

struct Range {
  std::int64_t min = 0;
  std::int64_t max = (std::int64_t{1} << 53) - 1;  // what the JSON gate lets through
};

// The schema of one value.
class Schema {
 public:
  explicit Schema(Json&& json);
  const JsonPtr& json() const { return json_; }

 private:
  JsonPtr json_;
};

class Object {
 public:
  Object();
  explicit Object(std::string_view description);

  Object&& required(std::string_view name, const Schema& value) &&;
  Object&& optional(std::string_view name, const Schema& value) &&;
  // Accepts properties beyond those listed. For outputs only: clients validate them, and an older client
  // must survive a member we add.
  Object&& open() &&;

  JsonPtr json() const;
  operator Schema() const;  // implicit: an object is the schema of a value, too

 private:
  void add(std::string_view name, const Json& value);
  std::shared_ptr<Json> json_;
};

Schema text(std::string_view description, TextLimits limits = {});
// Without limits, for outputs: a client that validates them must not fail on a long one of ours.
Schema any_text(std::string_view description);
Schema one_of(std::string_view description, std::initializer_list<std::string_view> values);
Schema integer(std::string_view description, Range range);
Schema boolean(std::string_view description);
Schema list_of(const Schema& item, std::string_view description, std::optional<std::size_t> max_items = std::nullopt);
// An object whose member names are the caller's to choose; every value fits `value`.
Schema map_of(const Schema& value, std::string_view description);
Schema nullable(const Schema& value);  // not for one_of

}  // namespace countersign::mcp::schema
