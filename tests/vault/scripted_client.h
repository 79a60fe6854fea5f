// An http::Client that a test answers for; keeps what was sent. Not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/client.h"

namespace countersign::vault {

class ScriptedClient final : public http::Client {
 public:
  struct Sent {
    http::Method method;
    std::string url;
    std::vector<std::string> headers;  // as they would stand on the wire
    http::ClientLimits limits;
  };
  using Script = std::function<http::ClientResponse(const std::string& url)>;

  explicit ScriptedClient(Script script) : script_(std::move(script)) {}

  http::ClientResponse send(http::ClientRequest request) override {
    Sent one{request.method, request.url, {}, request.limits};
    for (const http::ClientHeader& header : request.headers) {
      one.headers.push_back(header.name + ": " + header.value + std::string(header.secret.reveal()));
    }
    sent.push_back(std::move(one));
    return script_(request.url);
  }

  std::vector<Sent> sent;

  static http::ClientResponse answer(int status, std::string_view body) {
    http::ClientResponse response;
    response.status = status;
    append(response.body, body);
    return response;
  }
  static Script always(int status, std::string body) {
    return [status, body = std::move(body)](const std::string&) { return answer(status, body); };
  }
  static Script failing(ErrorCode code, std::string_view reason) {
    return [code, reason](const std::string&) -> http::ClientResponse {
      throw Error(code, reason, "https://api.example.com:443 did not answer in time.");
    };
  }

 private:
  const Script script_;
};

}  // namespace countersign::vault
