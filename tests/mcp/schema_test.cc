#include "mcp/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema_check.h"

namespace countersign::mcp {
namespace {

std::vector<std::string> problems(const JsonPtr& schema, std::string_view value) {
  std::vector<std::string> lines;
  for (const Problem& problem : check_schema(*schema, parse_json(value))) {
    lines.push_back(problem.pointer + ": " + problem.message);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Schema, BuilderWritesPlainJsonSchema) {
  const JsonPtr json = schema::Object("A call")
                           .required("integration", schema::text("Slug", {.max = 64}))
                           .optional("owner", schema::one_of("Whose", {"user", "org"}))
                           .optional("wait", schema::integer("Seconds", {0, 50}))
                           .json();
  EXPECT_EQ(*json, parse_json(R"({
      "type":"object","description":"A call","additionalProperties":false,"required":["integration"],
      "properties":{
        "integration":{"type":"string","description":"Slug","minLength":1,"maxLength":64},
        "owner":{"type":"string","description":"Whose","enum":["user","org"]},
        "wait":{"type":"integer","description":"Seconds","minimum":0,"maximum":50}}})"));
}

TEST(Schema, EmptyTextAndUnboundedTextMustBeAskedFor) {
  EXPECT_EQ(schema::text("T").json()->at("minLength"), 1);
  EXPECT_FALSE(schema::text("T", {.min = 0}).json()->contains("minLength"));
  EXPECT_FALSE(schema::any_text("T").json()->contains("maxLength"));
}

TEST(Schema, JsonIsACopyThatLaterCallsDoNotChange) {
  schema::Object builder;
  const JsonPtr before = builder.json();
  std::move(builder).required("a", schema::boolean("A"));
  EXPECT_TRUE(before->at("properties").empty());
}

TEST(Schema, EverythingTheBuilderWritesIsEnforceable) {
  const schema::Schema item = schema::Object().required("n", schema::nullable(schema::text("N"))).open();
  require_enforceable(*schema::Object("All of it")
                           .required("text", schema::text("T"))
                           .optional("choice", schema::one_of("C", {"a"}))
                           .optional("number", schema::integer("N", {1, 2}))
                           .optional("flag", schema::boolean("F"))
                           .optional("list", schema::list_of(item, "L", 3))
                           .optional("map", schema::map_of(item, "M"))
                           .json());
}

TEST(Schema, KeywordsThatNobodyChecksAreRefused) {
  for (const char* text : {R"({"type":"string","pattern":"^a"})", R"({"$ref":"#/$defs/x"})", R"({"type":"number"})",
                           R"({"properties":{"a":{"format":"uri"}}})", R"({"items":{"oneOf":[]}})", R"([])",
                           R"({"additionalProperties":{"pattern":"^a"}})", R"({"additionalProperties":1})",
                           R"({"properties":{"a":true}})"}) {
    try {
      require_enforceable(parse_json(text));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInternal) << text;
    }
  }
}

TEST(SchemaCheck, ValueThatFitsHasNoProblems) {
  const JsonPtr json = schema::Object()
                           .required("integration", schema::text("Slug", {.max = 6}))
                           .optional("wait", schema::integer("Seconds", {0, 50}))
                           .json();
  EXPECT_EQ(problems(json, R"({"integration":"github"})"), Lines{});
  EXPECT_EQ(problems(json, R"({"integration":"github","wait":50})"), Lines{});
  EXPECT_EQ(problems(json, R"({"integration":"github","wait":5.0})"), Lines{});
  EXPECT_EQ(problems(json, R"({"integration":"äöüäöü"})"), Lines{}) << "lengths count characters, not bytes";
}

TEST(SchemaCheck, EachProblemNamesItsPlaceAndTheRule) {
  const schema::Schema entry = schema::Object().required("a/b", schema::boolean("Odd name"));
  const JsonPtr json = schema::Object()
                           .required("integration", schema::text("Slug", {.max = 6}))
                           .optional("owner", schema::one_of("Whose", {"user", "org"}))
                           .optional("wait", schema::integer("Seconds", {0, 50}))
                           .optional("list", schema::list_of(entry, "Entries", 2))
                           .json();
  const auto one = [&](std::string_view member) {
    return problems(json, R"({"integration":"github",)" + std::string(member) + '}');
  };
  EXPECT_EQ(problems(json, "[]"), Lines{": must be an object, not an array"});
  EXPECT_EQ(problems(json, "{}"), Lines{"/integration: is required"});
  EXPECT_EQ(problems(json, R"({"integration":""})"), Lines{"/integration: must have at least 1 character"});
  EXPECT_EQ(problems(json, R"({"integration":"githubb"})"), Lines{"/integration: must have at most 6 characters"});
  EXPECT_EQ(problems(json, R"({"integration":null})"), Lines{"/integration: must be a string, not null"});
  EXPECT_EQ(one(R"("owner":"me")"), Lines{R"(/owner: must be one of "user", "org")"});
  EXPECT_EQ(one(R"("wait":-1)"), Lines{"/wait: must be at least 0"});
  EXPECT_EQ(one(R"("wait":51)"), Lines{"/wait: must be at most 50"});
  EXPECT_EQ(one(R"("wait":1.5)"), Lines{"/wait: must be an integer, not a number with a fraction"});
  EXPECT_EQ(one(R"("wait":1e300)"), Lines{"/wait: must be an integer, not a number with a fraction"});
  EXPECT_EQ(one(R"("wait":"5")"), Lines{"/wait: must be an integer, not a string"});
  EXPECT_EQ(one(R"("list":[{"a/b":true},{"a/b":1}])"), Lines{"/list/1/a~1b: must be a boolean, not an integer"});
  EXPECT_EQ(one(R"("list":[1,2,3])"), Lines{"/list: must have at most 2 items"});
  EXPECT_EQ(one(R"("onwer":"org")"), Lines{R"(/onwer: unknown property "onwer"; did you mean "owner"?)"});
}

TEST(SchemaCheck, AllProblemsAreReportedAtOnce) {
  const JsonPtr json = schema::Object().required("a", schema::text("A")).required("b", schema::boolean("B")).json();
  EXPECT_EQ(problems(json, R"({"a":1,"c":2})"),
            (Lines{"/b: is required", "/a: must be a string, not an integer", R"(/c: unknown property "c")"}));
}

TEST(SchemaCheck, NeverRepeatsAValue) {
  const JsonPtr json = schema::Object()
                           .optional("owner", schema::one_of("Whose", {"user"}))
                           .optional("short", schema::text("S", {.max = 3}))
                           .optional("number", schema::integer("N", {0, 1}))
                           .json();
  for (const char* value : {R"({"owner":"sk_canary"})", R"({"short":"sk_canary"})", R"({"number":"sk_canary"})",
                            R"({"apiKey":"sk_canary"})"}) {
    const Lines lines = problems(json, value);
    ASSERT_EQ(lines.size(), 1u) << value;
    EXPECT_EQ(lines[0].find("canary"), std::string::npos) << lines[0];
  }
}

TEST(SchemaCheck, ReportsAreBounded) {
  Json many = Json::object();
  for (int i = 0; i < 3000; ++i) many["property" + std::to_string(i)] = i;
  EXPECT_EQ(check_schema(*schema::Object().json(), many).size(), kMostProblems);

  const Json one = {{std::string(5000, 'p'), 1}};
  const auto found = check_schema(*schema::Object().json(), one);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LT(found[0].pointer.size() + found[0].message.size(), 200u);
}

TEST(SchemaCheck, NullableTakesNullAndItsOwnType) {
  const JsonPtr json = schema::Object().required("label", schema::nullable(schema::text("L", {.max = 3}))).json();
  EXPECT_EQ(problems(json, R"({"label":null})"), Lines{});
  EXPECT_EQ(problems(json, R"({"label":"abc"})"), Lines{});
  EXPECT_EQ(problems(json, R"({"label":"abcd"})"), Lines{"/label: must have at most 3 characters"});
  EXPECT_EQ(problems(json, R"({"label":1})"), Lines{"/label: must be a string or null, not an integer"});
}

TEST(SchemaCheck, AMapsNamesAreFreeAndItsValuesAreNot) {
  const schema::Schema value = schema::Object().required("from", schema::text("F"));
  const JsonPtr json = schema::Object().optional("inputs", schema::map_of(value, "M")).json();
  EXPECT_EQ(problems(json, R"({"inputs":{}})"), Lines{});
  EXPECT_EQ(problems(json, R"({"inputs":{"a":{"from":"x"},"b":{"from":"y"}}})"), Lines{});
  EXPECT_EQ(problems(json, R"({"inputs":{"a/b":{"from":"x","value":"sk_canary"}}})"),
            Lines{R"(/inputs/a~1b/value: unknown property "value")"});
  EXPECT_EQ(problems(json, R"({"inputs":{"a":"sk_canary"}})"), Lines{"/inputs/a: must be an object, not a string"});
  const Json long_name = {{"inputs", {{std::string(5000, 'p'), 1}}}};
  EXPECT_EQ(check_schema(*json, long_name).at(0).pointer, "/inputs");
}

TEST(SchemaCheck, OpenObjectsTakeMore) {
  const JsonPtr json = schema::Object().required("a", schema::boolean("A")).open().json();
  EXPECT_EQ(problems(json, R"({"a":true,"b":{"c":[]}})"), Lines{});
}

}  // namespace
}  // namespace countersign::mcp
