// The description of the REST surface against what it describes: the router, the tools, the golden copy.
#include "web/openapi.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "mcp/schema_check.h"
#include "web/auth_session_api.h"
#include "web/fixture.h"

namespace countersign::web {
namespace {

using PathAndMethod = std::set<std::pair<std::string, std::string>>;

std::string upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

class OpenApiTest : public WebTest {
 protected:
  Json document() const { return read(example); }
  Json read(const Settings& of) const {
    return parse_json(openapi_document(door, of), {.bytes = 1 << 20, .depth = 32});
  }

  // With every reference to a component of the document replaced by what it names.
  static Json resolved(const Json& document, Json schema) {
    if (schema.contains("$ref")) {
      return resolved(document, document.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))));
    }
    if (!schema.is_structured()) return schema;
    for (Json& part : schema) part = resolved(document, part);
    return schema;
  }

  const Settings example{"https://countersign.example.com", false, "", kHome, "", {}};
  AgentDoor door{services, {}};
};

TEST_F(OpenApiTest, TheGoldenCopyIsTheOneInTheDocuments) {
  const std::string golden = std::string(COUNTERSIGN_SOURCE_DIR) + "/docs/openapi.json";
  const std::string text = document().dump(2) + "\n";
  if (std::getenv("COUNTERSIGN_REWRITE_GOLDEN") != nullptr) std::ofstream(golden) << text;
  std::ifstream file(golden);
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(file), {}));
}

TEST_F(OpenApiTest, TheServerIsTheConfiguredAddress) {
  EXPECT_EQ(read(settings)["servers"], Json::array({{{"url", settings.public_url}}}));
}

TEST_F(OpenApiTest, EveryRouteOfTheApiIsDescribedAndNothingElse) {
  http::Router api;
  add_agent_api_routes(api, door);
  PathAndMethod routed;
  for (const http::Route* route : api.routes()) routed.emplace(route->pattern, http::name(route->method));

  PathAndMethod documented;
  const Json paths = document()["paths"];
  for (const auto& [path, methods] : paths.items()) {
    for (const auto& [method, operation] : methods.items()) documented.emplace(path, upper_case(method));
  }
  EXPECT_EQ(routed, documented);
  EXPECT_EQ(routed.size(), 27U);
}

// What needs no token says so, and nothing else does.
TEST_F(OpenApiTest, TheRoutesWithoutATokenAreThoseDescribedSo) {
  http::Router api;
  add_agent_api_routes(api, door);
  PathAndMethod open;
  for (const http::Route* route : api.routes()) {
    EXPECT_THAT(route->access, ::testing::AnyOf(http::Access::kAgent, http::Access::kPublic)) << route->pattern;
    if (route->access == http::Access::kPublic) open.emplace(route->pattern, http::name(route->method));
  }
  PathAndMethod documented;
  const Json document = this->document();
  EXPECT_EQ(document["security"], parse_json(R"([{"agentToken":[]}])"));
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      if (!operation.contains("security")) continue;
      EXPECT_EQ(operation["security"], Json::array());
      EXPECT_FALSE(operation["responses"].contains("401"));
      documented.emplace(path, upper_case(method));
    }
  }
  EXPECT_EQ(open, documented);
  EXPECT_EQ(open.size(), 5U);
}

TEST_F(OpenApiTest, EveryParameterOfAPathIsDescribed) {
  const Json paths = document()["paths"];
  for (const auto& [path, methods] : paths.items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::set<std::string> in_path;
      for (const Json& parameter : operation.value("parameters", Json::array())) {
        if (parameter["in"] != "path") continue;
        EXPECT_EQ(parameter["required"], true);
        in_path.insert("{" + parameter["name"].get<std::string>() + "}");
      }
      std::set<std::string> in_pattern;
      for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
        in_pattern.insert(path.substr(at, path.find('}', at) + 1 - at));
      }
      EXPECT_EQ(in_path, in_pattern) << method << " " << path;
    }
  }
}

TEST_F(OpenApiTest, EveryAnswerIsDescribedAsItsToolsOutput) {
  const Json document = this->document();
  for (const AgentOperation& operation : agent_operations()) {
    SCOPED_TRACE(operation.tool);
    std::string method(http::name(operation.method));
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const Json& described = document["paths"][std::string(operation.pattern)][method];
    const Json& answer = described["responses"][std::to_string(operation.success)];
    const Json schema = resolved(document, answer["content"]["application/json"]["schema"]);
    EXPECT_EQ(schema, *tool_named(door.tools(), operation.tool).description.output_schema);
    mcp::require_enforceable(schema);
  }
}

TEST_F(OpenApiTest, WhatStandsInThePathIsNotInTheBody) {
  const Json operation = document()["paths"]["/v1/auth-sessions/{sessionRequestId}"]["post"];
  const Json body = operation["requestBody"]["content"]["application/json"]["schema"];
  EXPECT_FALSE(body["properties"].contains("sessionRequestId"));
  EXPECT_EQ(body["required"], Json::array({"code_verifier"}));
}

// One decides what a person is asked for: a forgotten scope would let every grant in.
TEST_F(OpenApiTest, EveryToolNeedsTheScopeOfItsKind) {
  std::map<std::string, std::string> scopes;
  for (const AgentTool& tool : door.tools()) scopes[tool.description.name] = domain::text_of(tool.scopes);
  EXPECT_EQ(scopes, (std::map<std::string, std::string>{{"connect_connector", "connect"},
                                                        {"disconnect_connector", "change"},
                                                        {"list_connectors", "read"},
                                                        {"oauth.cancel", "connect"},
                                                        {"oauth.clients.create", "change"},
                                                        {"oauth.clients.createHandoff", "change"},
                                                        {"oauth.clients.list", "read"},
                                                        {"oauth.clients.registerDynamic", "change"},
                                                        {"oauth.clients.remove", "change"},
                                                        {"oauth.probe", "connect"},
                                                        {"oauth.start", "connect"},
                                                        {"connections.create", "change"},
                                                        {"connections.createHandoff", "connect"},
                                                        {"connections.get", "read"},
                                                        {"connections.list", "read"},
                                                        {"connections.refresh", "connect"},
                                                        {"connections.remove", "change"},
                                                        {"create_auth_session", ""},
                                                        {"get_auth_session", ""},
                                                        {"handoffs.cancel", "connect change"},
                                                        {"handoffs.get", "connect change"},
                                                        {"handoffs.wait", "connect change"},
                                                        {"integrations.list", "read"},
                                                        {"providers.items", "read"},
                                                        {"providers.list", "read"}}));
}

TEST_F(OpenApiTest, NoToolIsMissing) {
  std::set<std::string> missing;
  for (const AgentTool& tool : door.tools()) missing.insert(tool.description.name);
  for (const AgentOperation& operation : agent_operations()) missing.erase(std::string(operation.tool));
  for (const AgentOperation& operation : auth_session_operations()) missing.erase(std::string(operation.tool));
  EXPECT_EQ(missing, std::set<std::string>{"handoffs.get"});  // it is handoffs.wait without `wait`
}

}  // namespace
}  // namespace countersign::web
