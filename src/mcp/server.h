// The protocol side of our MCP server for the handshake era, without a session: what a message asks for
// and what is answered. It runs no tool, reads no clock and does no I/O; the web door authenticates,
// calls handle(), runs the tool when asked to, and sends what finish() or fail() gives it.
//
// Immutable after construction; thread-safe. It advertises `tools` and nothing else, so every method of
// another capability is -32601.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "mcp/jsonrpc.h"
#include "mcp/tool.h"

namespace countersign::mcp {

struct Reply {
  int http_status = 200;  // of a JSON-RPC error, too, in this era; 400 only when the message or a header is bad
  std::string body;       // application/json
};

struct Accepted {};  // HTTP 202 without a body

struct CallTool {
  RequestId id;
  std::string name;   // as declared, whichever form the client used
  JsonPtr arguments;  // an object that fits the tool's input schema
  std::optional<RequestId> progress_token;
};

using Outcome = std::variant<Reply, Accepted, CallTool>;

struct ServerInfo {
  std::string name;
  std::string title;
  std::string version;
};

class Server {
 public:
  // Sorts the tools by name: the list must not depend on the order of linking. Throws Error kInternal on
  // a bad or double name (also after dots became underscores) and on a schema that could not be enforced.
  Server(ServerInfo info, std::vector<Tool> tools, ToolNames names);
  Server(const Server&) = delete;  // the names point into the tools
  Server& operator=(const Server&) = delete;

  // `version_header` is MCP-Protocol-Version.
  Outcome handle(const Message& message, std::optional<std::string_view> version_header) const;

  Reply finish(const CallTool& call, const ToolResult& result) const;
  Reply fail(const CallTool& call, const Error& error) const;

  const std::vector<Tool>& tools() const { return tools_; }

 private:
  void add_name(std::string name, const Tool& tool);
  const Tool* find(std::string_view name) const;
  Outcome answer(const Request& request) const;
  Reply initialize(const Request& request) const;
  Reply list_tools(const Request& request) const;
  Outcome call_tool(const Request& request) const;
  Reply unknown_tool(const Request& request, const std::string& name) const;

  ServerInfo info_;
  ToolNames names_;
  std::vector<Tool> tools_;
  std::map<std::string, const Tool*, std::less<>> by_name_;  // every form a call may use
  std::string list_json_;
};

// What a model is told about us when it connects.
std::string instructions(ToolNames names);

// Any fault as it leaves the door: also what the guard answers for a request that never became a message.
Reply refuse(int http_status, const std::optional<RequestId>& id, const Fault& fault);

}  // namespace countersign::mcp
