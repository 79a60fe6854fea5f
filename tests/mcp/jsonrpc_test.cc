#include "mcp/jsonrpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace countersign::mcp {
namespace {

using ::testing::HasSubstr;

struct BadMessage {
  const char* what;
  std::string text;
  RpcCode code;
  const char* says;
  const char* id;  // as JSON, or empty when it cannot be known
};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

const std::vector<BadMessage>& bad_messages() {
  using enum RpcCode;
  static const std::vector<BadMessage> table = {
      // not JSON, or JSON we do not take
      {"empty", "", kParseError, "byte", ""},
      {"only space", " \n", kParseError, "byte", ""},
      {"cut off", R"({"jsonrpc":"2.0","id":1,"method":"ping")", kParseError, "byte", ""},
      {"two documents", R"({"jsonrpc":"2.0","id":1,"method":"ping"}{})", kParseError, "byte", ""},
      {"trailing comma", R"({"jsonrpc":"2.0","id":1,"method":"ping",})", kParseError, "byte", ""},
      {"single quotes", "{'jsonrpc':'2.0'}", kParseError, "byte", ""},
      {"not UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", kParseError, "byte", ""},
      {"byte order mark", "\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", kParseError, "", ""},
      {"NUL in a name", R"({"jsonrpc":"2.0","id":1,"method":"pi\u0000ng"})", kParseError, "byte", ""},
      {"lone surrogate", R"({"jsonrpc":"2.0","id":1,"method":"\ud800"})", kParseError, "byte", ""},
      {"id twice", R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})", kParseError, "byte", ""},
      {"id beyond 64 bits", R"({"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"})", kParseError, "byte", ""},
      {"too deep", R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":)" + nested(20) + "}}", kParseError, "byte",
       ""},
      {"very deep", nested(200'000), kParseError, "", ""},
      {"too long", '"' + std::string(70'000, 'x') + '"', kParseError, "", ""},
      // JSON, but no message
      {"batch", R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", kInvalidRequest, "batches are not supported", ""},
      {"empty batch", "[]", kInvalidRequest, "batches are not supported", ""},
      {"string", R"("ping")", kInvalidRequest, "must be a JSON object", ""},
      {"null", "null", kInvalidRequest, "must be a JSON object", ""},
      {"empty object", "{}", kInvalidRequest, R"("jsonrpc" must be "2.0")", ""},
      {"no version", R"({"id":1,"method":"ping"})", kInvalidRequest, R"("jsonrpc" must be "2.0")", "1"},
      {"version 1.0", R"({"jsonrpc":"1.0","id":1,"method":"ping"})", kInvalidRequest, R"("jsonrpc" must be)", "1"},
      {"version as number", R"({"jsonrpc":2.0,"id":1,"method":"ping"})", kInvalidRequest, R"("jsonrpc" must be)", "1"},
      {"unknown member", R"({"jsonrpc":"2.0","id":1,"metod":"ping"})", kInvalidRequest,
       R"(unknown member "metod"; did you mean "method"?)", "1"},
      {"id null", R"({"jsonrpc":"2.0","id":null,"method":"ping"})", kInvalidRequest, R"("id" must be a string)", ""},
      {"id fraction", R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", kInvalidRequest, R"("id" must be)", ""},
      {"id boolean", R"({"jsonrpc":"2.0","id":true,"method":"ping"})", kInvalidRequest, R"("id" must be)", ""},
      {"id object", R"({"jsonrpc":"2.0","id":{},"method":"ping"})", kInvalidRequest, R"("id" must be)", ""},
      {"id too long", R"({"jsonrpc":"2.0","id":")" + std::string(255, 'x') + R"(","method":"ping"})", kInvalidRequest,
       "at most 256 bytes", ""},
      // requests
      {"method number", R"({"jsonrpc":"2.0","id":1,"method":7})", kInvalidRequest, R"("method" must be)", "1"},
      {"method null", R"({"jsonrpc":"2.0","id":1,"method":null})", kInvalidRequest, R"("method" must be)", "1"},
      {"method empty", R"({"jsonrpc":"2.0","id":"a","method":""})", kInvalidRequest, R"("method" must be)", R"("a")"},
      {"method and result", R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", kInvalidRequest,
       R"(carries no "result")", "1"},
      {"params array", R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", kInvalidParams,
       R"("params" must be an object)", "1"},
      {"params null", R"({"jsonrpc":"2.0","id":1,"method":"ping","params":null})", kInvalidParams,
       R"("params" must be an object)", "1"},
      {"notification's params", R"({"jsonrpc":"2.0","method":"notifications/initialized","params":1})", kInvalidParams,
       R"("params" must be an object)", ""},
      {"meta string", R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":"x"}})", kInvalidParams,
       R"("params._meta" must be an object)", "1"},
      {"token null", R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"progressToken":null}}})",
       kInvalidParams, "progressToken", "1"},
      // responses
      {"nothing but id", R"({"jsonrpc":"2.0","id":1})", kInvalidRequest, R"(needs the member "method")", "1"},
      {"result and error", R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}})", kInvalidRequest,
       "not both", "1"},
      {"result without id", R"({"jsonrpc":"2.0","result":{}})", kInvalidRequest, R"(needs the member "id")", ""},
      {"result string", R"({"jsonrpc":"2.0","id":1,"result":"ok"})", kInvalidRequest, R"("result" must be)", "1"},
      {"response with params", R"({"jsonrpc":"2.0","id":1,"result":{},"params":{}})", kInvalidRequest,
       R"(carries no "params")", "1"},
      {"error string", R"({"jsonrpc":"2.0","id":1,"error":"no"})", kInvalidRequest, R"("error" must be)", "1"},
      {"error without code", R"({"jsonrpc":"2.0","id":1,"error":{"message":"m"}})", kInvalidRequest,
       R"("error" must be)", "1"},
      {"error code fraction", R"({"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"m"}})", kInvalidRequest,
       R"("error" must be)", "1"},
  };
  return table;
}

TEST(JsonRpc, EveryMalformedMessageHasItsPreciseError) {
  for (const BadMessage& bad : bad_messages()) {
    SCOPED_TRACE(bad.what);
    const Message message = parse_message(bad.text);
    const auto* malformed = std::get_if<Malformed>(&message);
    ASSERT_NE(malformed, nullptr);
    EXPECT_EQ(malformed->fault.code, bad.code);
    EXPECT_THAT(malformed->fault.message, HasSubstr(bad.says));
    EXPECT_EQ(malformed->id ? malformed->id->json() : "", bad.id);
    EXPECT_LT(malformed->fault.message.size(), 300u);
  }
}

TEST(JsonRpc, RequestKeepsMethodParamsAndToken) {
  const Message message = parse_message(
      R"({"jsonrpc":"2.0","id":"r1","method":"tools/call","params":{"name":"x","_meta":{"progressToken":7}}})");
  const auto& request = std::get<Request>(message);
  EXPECT_EQ(request.id.json(), R"("r1")");
  EXPECT_EQ(request.method, "tools/call");
  ASSERT_NE(request.params, nullptr);
  EXPECT_EQ(request.params->at("name"), "x");
  ASSERT_TRUE(request.progress_token);
  EXPECT_EQ(request.progress_token->json(), "7");
}

TEST(JsonRpc, ParamsOutliveTheMessageTheyCameIn) {
  JsonPtr params;
  {
    Message message =
        parse_message(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"long":"a text beyond any buffer"}})");
    params = std::get<Request>(message).params;
  }
  EXPECT_EQ(params->at("long"), "a text beyond any buffer");
}

TEST(JsonRpc, MessageWithoutIdIsANotification) {
  const Message message = parse_message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  const auto& notification = std::get<Notification>(message);
  EXPECT_EQ(notification.method, "notifications/initialized");
  EXPECT_EQ(notification.params, nullptr);
}

TEST(JsonRpc, WellFormedResponsesAreRecognised) {
  for (const char* text : {R"({"jsonrpc":"2.0","id":1,"result":{}})", R"({"jsonrpc":"2.0","id":"a","result":{"x":1}})",
                           R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})",
                           R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no id was readable"}})"}) {
    EXPECT_TRUE(std::holds_alternative<Response>(parse_message(text))) << text;
  }
}

TEST(JsonRpc, IdsAreEchoedExactly) {
  for (const char* id : {"0", "-1", "1", "9007199254740991", "-9007199254740991", R"("1")", R"("")",
                         R"("a \"quoted\" id\n")", R"("über")"}) {
    const std::string text = R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"ping"})";
    const Message message = parse_message(text);
    ASSERT_TRUE(std::holds_alternative<Request>(message)) << id;
    EXPECT_EQ(std::get<Request>(message).id.json(), id);
  }
}

TEST(JsonRpc, NumberAndTextIdsDiffer) {
  EXPECT_NE(RequestId::from(Json(1)), RequestId::from(Json("1")));
  EXPECT_EQ(RequestId::from(Json("a")), RequestId::from(Json("a")));
}

TEST(JsonRpc, LongestIdIsStillTaken) {
  EXPECT_TRUE(RequestId::from(Json(std::string(254, 'x'))));  // with its quotes: 256
  EXPECT_FALSE(RequestId::from(Json(std::string(255, 'x'))));
}

TEST(JsonRpc, ResultIsOneLineWithTheId) {
  EXPECT_EQ(encode_result(*RequestId::from(Json("a")), R"({"ok":true})"),
            R"({"jsonrpc":"2.0","id":"a","result":{"ok":true}})");
}

TEST(JsonRpc, ErrorCarriesCodeMessageAndData) {
  const Fault fault{RpcCode::kInvalidParams, "a \"quoted\"\nline", share({{"k", 1}})};
  EXPECT_EQ(encode_error(RequestId::from(Json(7)), fault),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"a \"quoted\"\nline","data":{"k":1}}})");
}

TEST(JsonRpc, ErrorWithoutReadableIdHasNoIdMember) {
  EXPECT_EQ(encode_error(std::nullopt, {RpcCode::kParseError, "no", nullptr}),
            R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}})");
}

}  // namespace
}  // namespace countersign::mcp
