// One JSON-RPC 2.0 message as MCP restricts it: no batches, ids are strings or integers, params are an
// object. Text or a parsed document in, a value out; whatever does not fit becomes `Malformed` with the
// exact JSON-RPC error, never an exception.
//
// Plain values and pure functions; thread-safe. A JsonPtr may be kept as long as one likes: it owns the
// document it points into.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"

namespace countersign::mcp {

using JsonPtr = std::shared_ptr<const Json>;
JsonPtr share(Json&& value);

// A member of an object, or null when it has none of that name.
const Json* member(const Json& object, std::string_view name);

// JSON-RPC 2.0 section 5.1. A closed set: what exactly went wrong stands in the error's `data`.
enum class RpcCode : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kInternalError = -32603,
};

// A request's id, and a progress token: a string or an integer, kept as the JSON text that is echoed.
// So 1 and "1" stay different, and no integer loses digits on the way.
class RequestId {
 public:
  static constexpr std::size_t kMaxBytes = 256;

  // Empty when it is neither a string nor an integer, or longer than kMaxBytes as JSON.
  static std::optional<RequestId> from(const Json& value);
  const std::string& json() const { return json_; }
  friend bool operator==(const RequestId&, const RequestId&) = default;

 private:
  explicit RequestId(std::string json) : json_(std::move(json)) {}
  std::string json_;
};

struct Fault {
  RpcCode code = RpcCode::kInternalError;
  std::string message;
  JsonPtr data;  // may be null
};

struct Request {
  RequestId id;
  std::string method;
  JsonPtr params;                           // an object, or null when absent
  std::optional<RequestId> progress_token;  // params._meta.progressToken
};

struct Notification {
  std::string method;
  JsonPtr params;  // an object, or null when absent
};

// An answer to a request of the server's. We send none in these revisions, so its content is not kept.
struct Response {};

struct Malformed {
  Fault fault;
  std::optional<RequestId> id;  // when it could still be read
};

using Message = std::variant<Request, Notification, Response, Malformed>;

Message parse_message(std::string_view text, const JsonLimits& limits = {});
Message read_message(const JsonPtr& document);

// `result_json` must be JSON already.
std::string encode_result(const RequestId& id, std::string_view result_json);
// Without a readable id the member is left out, as the MCP transport asks for (and its schema demands:
// `null` is no RequestId there, though JSON-RPC 2.0 section 5 would have it).
std::string encode_error(const std::optional<RequestId>& id, const Fault& fault);

}  // namespace countersign::mcp
