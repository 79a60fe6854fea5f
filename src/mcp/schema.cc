#include "mcp/schema.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace countersign::mcp::schema {

Schema::Schema(Json&& json) : json_(share(std::move(json))) {}

Object::Object() : Object(std::string_view()) {}

Object::Object(std::string_view description)
    : json_(std::make_shared<Json>(
          Json{{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}})) {
  if (!description.empty()) (*json_)["description"] = description;
}

void Object::add(std::string_view name, const Json& value) { (*json_)["properties"][std::string(name)] = value; }

Object&& Object::required(std::string_view name, const Schema& value) && {
  add(name, *value.json());
  (*json_)["required"].push_back(name);
  return std::move(*this);
}

Object&& Object::optional(std::string_view name, const Schema& value) && {
  add(name, *value.json());
  return std::move(*this);
}

Object&& Object::open() && {
  (*json_)["additionalProperties"] = true;
  return std::move(*this);
}

JsonPtr Object::json() const { return share(Json(*json_)); }
Object::operator Schema() const { return Schema(Json(*json_)); }

Schema text(std::string_view description, TextLimits limits) {
  Json json = {{"type", "string"}, {"description", description}, {"maxLength", limits.max}};
  if (limits.min > 0) json["minLength"] = limits.min;
  return Schema(std::move(json));
}

Schema any_text(std::string_view description) { return Schema(Json{{"type", "string"}, {"description", description}}); }

Schema one_of(std::string_view description, std::initializer_list<std::string_view> values) {
  Json list = Json::array();
  for (const std::string_view value : values) list.push_back(value);
  return Schema(Json{{"type", "string"}, {"description", description}, {"enum", std::move(list)}});
}

Schema integer(std::string_view description, Range range) {
  return Schema(
      Json{{"type", "integer"}, {"description", description}, {"minimum", range.min}, {"maximum", range.max}});
}

Schema boolean(std::string_view description) { return Schema(Json{{"type", "boolean"}, {"description", description}}); }

Schema list_of(const Schema& item, std::string_view description, std::optional<std::size_t> max_items) {
  Json json = {{"type", "array"}, {"description", description}, {"items", *item.json()}};
  if (max_items) json["maxItems"] = *max_items;
  return Schema(std::move(json));
}

Schema map_of(const Schema& value, std::string_view description) {
  return Schema(Json{{"type", "object"}, {"description", description}, {"additionalProperties", *value.json()}});
}

Schema nullable(const Schema& value) {
  Json copy = *value.json();
  copy["type"] = Json::array({copy["type"], "null"});
  return Schema(std::move(copy));
}

}  // namespace countersign::mcp::schema
