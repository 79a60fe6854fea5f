#include "app/health.h"

#include <utility>

#include "app/terminal.h"
#include "http/client.h"

namespace countersign::app {

std::string ops_url_of(const Config& config) {
  std::string host = config.ops_listen.host;
  if (host == "0.0.0.0") host = "127.0.0.1";  // listens everywhere, is asked here
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(config.ops_listen.port);
}

ExitCode check_health(const std::string& ops_url) {
  http::CurlClientOptions options;
  options.allow_loopback_http = true;
  http::CurlClient client(std::move(options));
  http::ClientRequest request;
  request.url = ops_url + (ops_url.ends_with('/') ? "readyz" : "/readyz");
  // A supervisor asks again anyway, and often gives up after a few seconds itself.
  request.limits = {.total = std::chrono::seconds(3), .connect = std::chrono::seconds(1), .body_bytes = 4096};
  const http::ClientResponse response = client.send(std::move(request));
  if (response.status == 200) {
    print("ready\n");
    return ExitCode::kOk;
  }
  complain("countersign: not ready (HTTP " + std::to_string(response.status) + "); the broker's log says why\n");
  return ExitCode::kFailed;
}

}  // namespace countersign::app
