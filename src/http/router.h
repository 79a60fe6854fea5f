// Which handler a request belongs to. Built once at start, then read-only and thread-safe.
//
// Paths are matched segment by segment after one normalisation: no empty, `.` or `..` segment, no
// encoded slash, valid UTF-8 (abuse case 101); anything else is 404. `{name}` takes one segment.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "http/caller.h"
#include "http/message.h"

namespace countersign::http {

// Who may come in. Two worlds that never mix: a bearer opens no page, a browser session no API.
enum class Access {
  kPublic,         // anybody
  kAgent,          // a bearer token
  kAgentOrNobody,  // a bearer token if one is sent, and then a good one; else nobody in particular
  kBrowser,        // a page that a signed-in person sees; others are sent to sign in
  kBrowserForm,    // a form of a signed-in person: Origin and CSRF token checked
  kAnonymousForm,  // a form before sign-in: Origin and pre-session token checked
};

// kRaw takes any content type and leaves the bytes where they are, in Call::request: for who checks a signature over
// them before anything looks inside.
enum class BodyKind { kNone, kJson, kForm, kRaw };

// How refusals look: problem+json, an HTML page, or a JSON-RPC error.
enum class Surface { kApi, kPage, kMcp };

// A decoded application/x-www-form-urlencoded body. A name that stands twice is refused (abuse case 74).
class Form {
 public:
  void add(std::string name, std::string value) { fields_.emplace(std::move(name), std::move(value)); }
  void add_secret(std::string name, Secret value) { secrets_.emplace(std::move(name), std::move(value)); }
  // Empty text when absent.
  std::string_view field(std::string_view name) const;
  // Moves the value out; empty when absent or taken already.
  Secret take_secret(std::string_view name);
  const std::map<std::string, std::string, std::less<>>& fields() const { return fields_; }

 private:
  std::map<std::string, std::string, std::less<>> fields_;
  std::map<std::string, Secret, std::less<>> secrets_;
};

// A request that passed the guard: who calls, and its input in decoded form. Lives as long as the handler runs.
struct Call {
  const Request& request;
  Caller caller;
  std::map<std::string, std::string, std::less<>> path_params;   // decoded
  std::map<std::string, std::string, std::less<>> query_params;  // decoded, each name once
  const nlohmann::json* json = nullptr;                          // set when the route takes JSON
  Form* form = nullptr;                                          // set when the route takes a form
};

// "Not yet": the request waits for a change of `topic`, without a thread, until `deadline`.
struct Hold {
  std::int64_t topic = 0;  // the row key of the object waited for
  SteadyInstant deadline{};
  // Runs on a worker after each change, at the deadline and when the server drains (kFinal): an answer,
  // or nothing to wait on. On kFinal it must answer. Must own what it needs.
  enum class Round { kAgain, kFinal };
  std::function<std::optional<Response>(Round)> look;
};

// An answer without an end: the head at once, then what each look gives, until the client goes, the deadline or
// drain. Bytes are small, as events are: who does not read them is cut off (ServerLimits::stream_bytes).
struct Stream {
  Response head;                     // status and header fields; the body is what is sent first
  std::vector<std::int64_t> topics;  // each a row key: a change of any makes it look
  std::int64_t owner = 0;            // whose cap it counts for: a person's id; 0: nobody's
  SteadyInstant deadline{};          // then it ends cleanly; a browser comes back by itself
  // On a worker, once at the start and after changes, never two at once: bytes to send, empty when there is
  // nothing new, or nothing at all to end the stream. Must own what it needs.
  std::function<std::optional<std::string>()> look;
};

// Where a handler runs. kAtOnce is for the hottest reads alone: it saves two thread switches, which cost
// more than the read, but whatever it waits for, every client of the reader thread waits for.
enum class Runs { kOnWorker, kAtOnce };

using Outcome = std::variant<Response, Hold, Stream>;
using Handler = std::function<Outcome(Call&)>;

struct Route {
  Method method = Method::kGet;  // a GET route answers HEAD too
  std::string pattern;           // "/v1/handoffs/{id}"
  Access access = Access::kPublic;
  Surface surface = Surface::kApi;
  BodyKind body = BodyKind::kNone;
  Runs runs = Runs::kOnWorker;
  std::size_t body_limit = 64 * 1024;
  // Form fields whose value becomes a Secret while parsing. A trailing '*' names every field that begins so.
  std::vector<std::string> secret_fields;
  Handler handler;
};

class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> path_params;
    std::vector<Method> allowed;       // when the path exists but not for this method: 405 with Allow
    Surface surface = Surface::kPage;  // of the path's routes, for errors without a route
  };
  Match match(Method method, std::string_view encoded_path) const;
  std::size_t body_limit(Method method, std::string_view encoded_path) const;
  // All of them, for who describes or checks the surface; they live as long as the router gets no new one.
  std::vector<const Route*> routes() const;

 private:
  struct Node;
  std::shared_ptr<Node> root_;
};

}  // namespace countersign::http
