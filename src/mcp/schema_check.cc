#include "mcp/schema_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "mcp/jsonrpc.h"
#include "mcp/wording.h"

namespace countersign::mcp {
namespace {

constexpr std::array<std::string_view, 14> kKeywords = {"type",    "properties", "required",  "additionalProperties",
                                                        "enum",    "minLength",  "maxLength", "minimum",
                                                        "maximum", "items",      "maxItems",  "title",
                                                        "default", "description"};
constexpr std::array<std::string_view, 6> kTypes = {"object", "array", "string", "integer", "boolean", "null"};

// RFC 6901 section 3.
std::string child(const std::string& pointer, std::string_view name) {
  std::string path = pointer + '/';
  for (const char c : name) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
  return path;
}

// 2020-12: a number without a fraction is an integer however it is written; beyond 2^53 a double is no
// longer exact, and a tool may convert what passes here without a second thought.
bool is_integer(const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return std::trunc(number) == number && std::abs(number) <= 9007199254740992.0;
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return is_integer(value);
  if (type == "boolean") return value.is_boolean();
  return value.is_null();
}

std::string_view with_article(std::string_view type) {
  if (type == "object") return "an object";
  if (type == "array") return "an array";
  if (type == "string") return "a string";
  if (type == "integer") return "an integer";
  if (type == "boolean") return "a boolean";
  return "null";
}

std::string_view kind_of(const Json& value) {
  if (value.is_number()) return is_integer(value) ? "an integer" : "a number with a fraction";
  return with_article(value.type_name());
}

std::string count(std::size_t number, std::string_view unit) {
  return std::to_string(number) + ' ' + std::string(unit) + (number == 1 ? "" : "s");
}

class Checker {
 public:
  void check(const Json& schema, const Json& value, const std::string& pointer) {
    if (problems_.size() >= kMostProblems || !check_type(schema, value, pointer)) return;
    if (const Json* values = member(schema, "enum")) check_enum(*values, value, pointer);
    if (value.is_string()) check_text(schema, value.get_ref<const std::string&>(), pointer);
    if (value.is_number()) check_range(schema, value, pointer);
    if (value.is_array()) check_items(schema, value, pointer);
    if (value.is_object()) check_properties(schema, value, pointer);
  }

  std::vector<Problem> take() {
    if (problems_.size() > kMostProblems) problems_.resize(kMostProblems);
    return std::move(problems_);
  }

 private:
  void add(const std::string& pointer, std::string message) { problems_.push_back({pointer, std::move(message)}); }

  bool check_type(const Json& schema, const Json& value, const std::string& pointer) {
    const Json* type = member(schema, "type");
    if (!type) return true;
    const bool several = type->is_array();
    const Json types = several ? *type : Json::array({*type});
    std::string wanted;
    for (const Json& one : types) {
      if (has_type(value, one.get_ref<const std::string&>())) return true;
      if (!wanted.empty()) wanted += " or ";
      wanted += with_article(one.get_ref<const std::string&>());
    }
    add(pointer, "must be " + wanted + ", not " + std::string(kind_of(value)));
    return false;
  }

  void check_enum(const Json& values, const Json& value, const std::string& pointer) {
    if (std::find(values.begin(), values.end(), value) != values.end()) return;
    std::string list;
    for (const Json& one : values) {
      if (!list.empty()) list += ", ";
      list += dump_json(one);
    }
    add(pointer, "must be one of " + list);
  }

  void check_text(const Json& schema, const std::string& text, const std::string& pointer) {
    const std::size_t length = code_points(text);
    const Json* least = member(schema, "minLength");
    const Json* most = member(schema, "maxLength");
    if (least && length < least->get<std::size_t>()) {
      add(pointer, "must have at least " + count(least->get<std::size_t>(), "character"));
    }
    if (most && length > most->get<std::size_t>()) {
      add(pointer, "must have at most " + count(most->get<std::size_t>(), "character"));
    }
  }

  void check_range(const Json& schema, const Json& value, const std::string& pointer) {
    const Json* least = member(schema, "minimum");
    const Json* most = member(schema, "maximum");
    if (least && value < *least) add(pointer, "must be at least " + dump_json(*least));
    if (most && value > *most) add(pointer, "must be at most " + dump_json(*most));
  }

  void check_items(const Json& schema, const Json& value, const std::string& pointer) {
    const Json* most = member(schema, "maxItems");
    if (most && value.size() > most->get<std::size_t>()) {
      return add(pointer, "must have at most " + count(most->get<std::size_t>(), "item"));
    }
    const Json* items = member(schema, "items");
    if (!items) return;
    for (std::size_t i = 0; i < value.size(); ++i) check(*items, value[i], child(pointer, std::to_string(i)));
  }

  void check_properties(const Json& schema, const Json& value, const std::string& pointer) {
    if (const Json* required = member(schema, "required")) {
      for (const Json& name : *required) {
        const std::string& text = name.get_ref<const std::string&>();
        if (!value.contains(text)) add(child(pointer, text), "is required");
      }
    }
    const Json* properties = member(schema, "properties");
    const Json* more = member(schema, "additionalProperties");
    for (const auto& [name, part] : value.items()) {
      const Json* known = properties ? member(*properties, name) : nullptr;
      if (known) {
        check(*known, part, child(pointer, name));
      } else if (more && more->is_object()) {
        check(*more, part, name.size() <= kLongestName ? child(pointer, name) : pointer);
      } else if (more && *more == false && problems_.size() < kMostProblems) {
        add_unknown(properties, name, pointer);
      }
    }
  }

  void add_unknown(const Json* properties, const std::string& name, const std::string& pointer) {
    std::vector<std::string_view> known;
    if (properties) {
      for (const auto& [key, value] : properties->items()) known.emplace_back(key);
    }
    // A caller's kilobytes do not come back to it in an error.
    add(name.size() <= kLongestName ? child(pointer, name) : pointer, unknown("property", name, known));
  }

  std::vector<Problem> problems_;
};

[[noreturn]] void not_enforceable(const std::string& what) {
  throw Error(ErrorCode::kInternal, "schema_not_enforceable", "a tool's schema is not enforceable", what);
}

void require_known_type(const Json& type) {
  const Json types = type.is_array() ? type : Json::array({type});
  for (const Json& one : types) {
    if (!one.is_string() || std::find(kTypes.begin(), kTypes.end(), one.get<std::string>()) == kTypes.end()) {
      not_enforceable("type " + dump_json(one));
    }
  }
}

}  // namespace

std::vector<Problem> check_schema(const Json& schema, const Json& value) {
  Checker checker;
  checker.check(schema, value, "");
  return checker.take();
}

void require_enforceable(const Json& schema) {
  if (!schema.is_object()) not_enforceable("not an object: " + dump_json(schema));
  for (const auto& [name, value] : schema.items()) {
    if (std::find(kKeywords.begin(), kKeywords.end(), name) == kKeywords.end()) not_enforceable("keyword " + name);
  }
  if (const Json* type = member(schema, "type")) require_known_type(*type);
  if (const Json* more = member(schema, "additionalProperties"); more && !more->is_boolean()) {
    require_enforceable(*more);
  }
  if (const Json* items = member(schema, "items")) require_enforceable(*items);
  if (const Json* properties = member(schema, "properties")) {
    for (const auto& [name, value] : properties->items()) require_enforceable(value);
  }
}

}  // namespace countersign::mcp
