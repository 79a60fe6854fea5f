// GET /openapi.json as a client reads it: which operation a request belongs to, and whether an answer is one
// of those it promises. For tests that hold the program to its own description.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "flows/in_process.h"
#include "mcp/schema_check.h"

namespace countersign::flows {

class Description {
 public:
  explicit Description(InProcess& program)
      : document_(parse_json(text_of(program.send(http::Method::kGet, "/openapi.json")),
                             {.bytes = 1024 * 1024, .depth = 32, .values = 100'000})) {}

  const Json& document() const { return document_; }

  // The operation's id and its description; empty and null when there is none.
  std::pair<std::string, Json> find(http::Method method, std::string_view target) const {
    const std::string_view path = target.substr(0, target.find('?'));
    for (const auto& [pattern, methods] : document_["paths"].items()) {
      if (!fits(pattern, path)) continue;
      for (const auto& [name, operation] : methods.items()) {
        if (upper_case(name) == http::name(method)) return {operation["operationId"], operation};
      }
    }
    return {};
  }

  // Fails the test unless the operation promises this status, this body and, in a refusal, this code.
  void expect_promised(const Json& operation, const http::Response& response) const {
    const std::string status = std::to_string(response.status);
    ASSERT_TRUE(operation["responses"].contains(status)) << status << " " << text_of(response);
    const Json promised = resolved(operation["responses"][status]);
    const std::string type = header_of(response, "Content-Type");
    ASSERT_TRUE(promised["content"].contains(type)) << type;
    const Json body = json_of(response);
    for (const auto& problem : mcp::check_schema(promised["content"][type]["schema"], body)) {
      ADD_FAILURE() << problem.pointer << ": " << problem.message;
    }
    if (response.status < 400) return;
    const std::string code = "`" + body.value("code", "") + "`";
    EXPECT_NE(promised["description"].get<std::string>().find(code), std::string::npos) << code;
  }

 private:
  static std::string upper_case(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }

  // "/v1/handoffs/{handoffId}" fits "/v1/handoffs/ho_1".
  static bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
      const std::string_view wanted = pattern.substr(0, pattern.find('/', 1));
      const std::string_view segment = path.substr(0, path.find('/', 1));
      if (!wanted.starts_with("/{") && wanted != segment) return false;
      pattern.remove_prefix(wanted.size());
      path.remove_prefix(segment.size());
    }
    return pattern.empty() && path.empty();
  }

  // With every reference replaced by what it names.
  Json resolved(Json part) const {
    if (part.is_object() && part.contains("$ref")) {
      return resolved(document_.at(Json::json_pointer(part["$ref"].get<std::string>().substr(1))));
    }
    if (!part.is_structured()) return part;
    for (Json& inner : part) inner = resolved(inner);
    return part;
  }

  const Json document_;
};

}  // namespace countersign::flows
