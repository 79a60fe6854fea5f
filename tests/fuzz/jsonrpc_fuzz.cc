// Arbitrary bytes to the MCP server: whatever comes, the outcome is one of the three, and what is answered
// is JSON with a result or an error. Under clang: -fsanitize=fuzzer,address,undefined (preset `fuzz`);
// tests/mcp/jsonrpc_corpus_test.cc runs it over corpus/jsonrpc in every build.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "mcp/schema.h"
#include "mcp/server.h"

namespace countersign::mcp {
namespace {

const Server& fuzzed_server() {
  static const Server server(
      {"countersign", "Countersign", "0"},
      {{.name = "handoffs.wait",
        .title = "Wait",
        .description = "Waits",
        .input_schema = schema::Object()
                            .required("handoffId", schema::text("Id", {.max = 32}))
                            .optional("wait", schema::integer("Seconds", {0, 50}))
                            .optional("owner", schema::one_of("Whose", {"user", "org"}))
                            .optional("list", schema::list_of(schema::nullable(schema::text("Item")), "List", 3))
                            .json(),
        .output_schema = nullptr,
        .annotations = {}}},
      ToolNames::kDotted);
  return server;
}

void require(bool holds) {
  if (!holds) std::abort();
}

void check_reply(const Reply& reply) {
  require(reply.http_status == 200 || reply.http_status == 400);
  const Json body = parse_json(reply.body, {.bytes = 1 << 20, .depth = 32, .values = 100'000});
  require(body.at("jsonrpc") == "2.0");
  require(body.contains("result") != body.contains("error"));
  require(reply.http_status == 400 || body.contains("id"));
}

}  // namespace
}  // namespace countersign::mcp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace countersign::mcp;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const Outcome outcome = fuzzed_server().handle(parse_message(text), "2025-11-25");
  if (const auto* reply = std::get_if<Reply>(&outcome)) {
    check_reply(*reply);
  } else if (const auto* call = std::get_if<CallTool>(&outcome)) {
    require(call->arguments->is_object() && call->arguments->at("handoffId").is_string());
    check_reply(fuzzed_server().finish(*call, {"done", nullptr}));
  }
  return 0;
}
