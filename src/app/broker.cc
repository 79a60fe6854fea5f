#include "app/broker.h"

#include <thread>

#include "app/data_dir.h"

namespace countersign::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kConnectionsPerAddress = 256;

http::ServerOptions server_options(const Config& config) {
  http::ServerOptions options;
  options.address = config.listen.host;
  options.port = config.listen.port;
  options.readers = std::thread::hardware_concurrency() >= 4 ? 2 : 1;
  options.trusted_proxies = config.trusted_proxies;
  // Behind a proxy every connection is the proxy's, and on loopback every client is this machine.
  if (!is_loopback(config.listen) && config.trusted_proxies.empty()) {
    options.limits.connections_per_address = kConnectionsPerAddress;
  }
  return options;
}

http::ServerOptions ops_options(const Config& config) {
  http::ServerOptions options;
  options.address = config.ops_listen.host;
  options.port = config.ops_listen.port;
  options.backlog = 64;
  options.limits.connections = 64;
  return options;
}

std::string url_of(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

http::Response plain(int status, std::string_view text) { return {status, "text/plain; charset=utf-8", text}; }

}  // namespace

Broker::Broker(ApplicationOptions options, const Clock& clock, Random& random, Log& log)
    : log_(log),
      server_(std::make_unique<http::Server>(server_options(options.config), clock, random, log)),
      ops_server_(std::make_unique<http::Server>(ops_options(options.config), clock, random, log)),
      jobs_(log),
      network_jobs_(log) {
  const auto too_early = [](http::Responder& responder) {
    responder.respond(plain(503, "Starting.\n").with("Retry-After", "1"));
  };
  server_->start(
      [this, too_early](http::Request request, http::Responder responder) {
        if (!serving_.load(std::memory_order_acquire)) return too_early(responder);
        application_->handle(std::move(request), std::move(responder));
      },
      [this](http::Method method, std::string_view path) -> std::size_t {
        return serving_.load(std::memory_order_acquire) ? application_->body_limit(method, path) : 0;
      });
  ops_server_->start(
      [this, too_early](http::Request request, http::Responder responder) {
        if (!serving_.load(std::memory_order_acquire)) return too_early(responder);
        answer_ops(request, std::move(responder));
      },
      [](http::Method, std::string_view) -> std::size_t { return 0; });

  const Config& config = options.config;
  if (options.public_url.empty()) options.public_url = config.public_url;
  if (options.public_url.empty()) options.public_url = url_of(config.listen.host, server_->port());
  if (options.mode == catalog::Mode::kDev) options.cookie_suffix = "_" + std::to_string(server_->port());
  endpoints_ = {options.public_url, options.public_url + "/mcp", url_of(config.ops_listen.host, ops_server_->port())};
  application_ = std::make_unique<Application>(options, clock, random, log);
  add_metrics();
}

Broker::~Broker() {
  network_jobs_.stop();
  jobs_.stop();
  server_->stop();
  ops_server_->stop();
}

void Broker::serve() {
  jobs_.every(100ms, "held requests", [this] { application_->sweep_waiters(); });
  jobs_.every(1s, "audit checkpoint", [this] { application_->write_checkpoint(); });
  jobs_.every(1min, "last seen", [this] { application_->write_last_seen(); });
  jobs_.every(1s, "integrations", [this] { application_->reload_integrations(); });
  jobs_.every(5s, "audit chain", [this] { application_->watch_audit(); });
  jobs_.every(10min, "forgotten logins", [this] { application_->prune(); });
  jobs_.every(1s, "left consents", [this] { application_->recover_consents(); });
  jobs_.start();
  network_jobs_.every(1s, "token refresh", [this] { application_->refresh_tokens(); });
  network_jobs_.every(1s, "revocation", [this] { application_->revoke_tokens(); });
  network_jobs_.start();
  serving_.store(true, std::memory_order_release);
}

void Broker::shut_down(std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  server_->drain();
  application_->drain();
  while ((!server_->quiet() || !application_->quiet()) && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(5ms);
  }
  network_jobs_.stop();
  jobs_.stop();
  server_->stop();
  ops_server_->stop();
  application_->write_checkpoint();
}

void Broker::answer_ops(const http::Request& request, http::Responder responder) {
  if (request.method != http::Method::kGet && request.method != http::Method::kHead) {
    return responder.respond(plain(405, "GET only.\n").with("Allow", "GET, HEAD"));
  }
  if (request.path == "/livez") return responder.respond(plain(200, "alive\n"));
  if (request.path == "/readyz") {
    const auto reason = application_->unready();
    if (!reason) return responder.respond(plain(200, "ready\n"));
    log_.write(LogLevel::kWarning, "not ready", {{"reason", *reason}});
    return responder.respond(plain(503, "not ready\n"));
  }
  if (request.path == "/metrics") {
    return responder.respond({200, "text/plain; version=0.0.4; charset=utf-8", application_->metrics().text()});
  }
  responder.respond(plain(404, "There are /livez, /readyz and /metrics.\n"));
}

void Broker::add_metrics() {
  Metrics& metrics = application_->metrics();
  const auto counters = [server = server_.get()] { return server->counters(); };
  metrics.gauge("countersign_http_connections", "Open connections.",
                [counters] { return static_cast<double>(counters().connections_open); });
  metrics.count("countersign_http_connections_total", "Accepted connections.",
                [counters] { return static_cast<double>(counters().connections_accepted); });
  metrics.count("countersign_http_connections_refused_total", "Connections refused over a cap.",
                [counters] { return static_cast<double>(counters().connections_refused); });
  metrics.count("countersign_http_bad_requests_total", "Requests refused by framing.",
                [counters] { return static_cast<double>(counters().bad_requests); });
  metrics.count("countersign_http_timeouts_total", "Connections closed at a deadline.",
                [counters] { return static_cast<double>(counters().timeouts); });
}

}  // namespace countersign::app
