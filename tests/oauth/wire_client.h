// An http::Client that a test answers for, request by request; it keeps what would have stood on the wire, bodies
// included. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/client.h"
#include "http/form.h"

namespace countersign::oauth {

class WireClient final : public http::Client {
 public:
  struct Sent {
    http::Method method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    http::ClientLimits limits;

    // Empty when it is not there.
    std::string header(std::string_view name) const {
      for (const auto& [one, value] : headers) {
        if (one == name) return value;
      }
      return {};
    }
    std::map<std::string, std::string, std::less<>> form() const { return http::parse_query(body); }
  };
  using Script = std::function<http::ClientResponse(const Sent& sent)>;

  explicit WireClient(Script script) : script_(std::move(script)) {}

  http::ClientResponse send(http::ClientRequest request) override {
    Sent one{request.method, request.url, {}, std::string(view(request.body)), request.limits};
    for (const http::ClientHeader& header : request.headers) {
      one.headers.emplace_back(header.name, header.value + std::string(header.secret.reveal()));
    }
    sent.push_back(one);
    return script_(one);
  }

  std::vector<Sent> sent;

  static http::ClientResponse answer(int status, std::string_view body,
                                     std::string_view content_type = "application/json") {
    http::ClientResponse response;
    response.status = status;
    if (!content_type.empty()) response.headers.push_back({"content-type", std::string(content_type)});
    append(response.body, body);
    return response;
  }
  static Script always(int status, std::string body) {
    return [status, body = std::move(body)](const Sent&) { return answer(status, body); };
  }
  static Script failing(ErrorCode code, std::string_view reason) {
    return [code, reason](const Sent&) -> http::ClientResponse {
      throw Error(code, reason, "https://as.example:443 did not answer in time.");
    };
  }
  // By URL; whatever is not listed is a 404.
  static Script site(std::map<std::string, std::string> documents) {
    return [documents = std::move(documents)](const Sent& asked) {
      const auto found = documents.find(asked.url);
      return found == documents.end() ? answer(404, "{}") : answer(200, found->second);
    };
  }

 private:
  const Script script_;
};

}  // namespace countersign::oauth
