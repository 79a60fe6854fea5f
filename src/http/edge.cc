// The only file that knows Pistache. Pistache accepts, polls and reads; all else it could do is unsafe in
// version 0.0.5 (docs/decisions/0001) and is not used: no router, no response writer, no timers, no TLS,
// no kept Peer.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pistache/endpoint.h>
#include <pistache/peer.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/wipe.h"
#include "http/connection.h"
#include "http/server.h"
#include "http/server_core.h"
#include "http/sweeper.h"

namespace countersign::http {
namespace {

// Pistache's own time-outs close descriptors without onDisconnection(), so they must never come. A year
// would come: they count from the start of the process.
constexpr std::chrono::hours kNever{100 * 365 * 24};

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

// A host that vanished without a word is found within a minute, also under a held request.
void set_socket_options(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 60'000);
}

// Pistache copies this object once per reader thread; a copy lives on that thread alone, so its map needs
// no lock. The connections themselves are owned by the table in ServerCore.
class EdgeHandler final : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(EdgeHandler)

  EdgeHandler(std::shared_ptr<ServerCore> core, std::shared_ptr<std::atomic<std::uint64_t>> last_id)
      : core_(std::move(core)),
        last_id_(std::move(last_id)),
        idle_parser_(std::make_shared<Pistache::Http::RequestParser>(1)) {}

  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter) override {}  // never called

 private:
  using Peer = std::shared_ptr<Pistache::Tcp::Peer>;

  void onConnection(const Peer& peer) override {
    try {
      // Pistache looks into every peer's parser twice a second and ends the process when there is none.
      peer->putData(ParserData, idle_parser_);
      admit(peer->fd());
    } catch (...) {
      ::shutdown(peer->fd(), SHUT_RDWR);
    }
  }

  void onInput(const char* buffer, std::size_t length, const Peer& peer) override {
    const auto found = connections_.find(peer->fd());
    if (found != connections_.end()) {
      try {
        found->second->on_input({buffer, length});
      } catch (...) {
        found->second->abort();
      }
    }
    // Pistache's read buffer is an array on this thread's stack; what it held may be a secret.
    base::wipe(const_cast<char*>(buffer), length);
  }

  void onDisconnection(const Peer& peer) override {
    const auto found = connections_.find(peer->fd());
    if (found == connections_.end()) return;
    found->second->on_disconnect();
    connections_.erase(found);
  }

  void admit(int fd) {
    set_socket_options(fd);
    std::string address = peer_address(fd);
    // A listed proxy speaks for many clients; counting them is its own task.
    const bool counted = core_->limits.connections_per_address != 0 && !core_->proxies.contains(address);
    std::string group = counted ? address_group(address) : std::string();
    const std::uint64_t id = last_id_->fetch_add(1) + 1;
    auto connection = std::make_shared<Connection>(core_, id, fd, std::move(address));
    connections_.insert_or_assign(fd, connection);
    core_->accepted.fetch_add(1, std::memory_order_relaxed);
    greet(*connection, core_->table.add(id, connection, std::move(group)));
  }

  void greet(Connection& connection, ConnectionTable::Admission admission) {
    switch (admission) {
      case ConnectionTable::Admission::kWelcome:
        if (core_->draining.load()) return connection.turn_away("The server is shutting down.");
        return connection.on_connect();
      case ConnectionTable::Admission::kRefused:
        return connection.turn_away("The server has too many connections.");
      case ConnectionTable::Admission::kFlooded:
        core_->refused.fetch_add(1, std::memory_order_relaxed);
        return connection.abort();
    }
  }

  std::shared_ptr<ServerCore> core_;
  std::shared_ptr<std::atomic<std::uint64_t>> last_id_;
  std::shared_ptr<void> idle_parser_;
  std::unordered_map<int, std::shared_ptr<Connection>> connections_;  // by descriptor
};

std::size_t open_descriptors() {
  std::error_code ignored;
  const std::filesystem::directory_iterator entries("/proc/self/fd", ignored);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// How many connections fit below the descriptor limit, with a reserve for what the program opens later. At
// the limit itself Pistache's accept would spin.
std::size_t descriptor_room() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 65'536;
  const auto total = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t taken = open_descriptors() + std::clamp<std::size_t>(total / 8, 64, 256);
  return total > taken ? total - taken : 1;
}

ConnectionTable::Caps caps_of(const ServerLimits& limits) {
  const std::size_t room = descriptor_room();
  return {limits.connections == 0 ? room : std::min(room, limits.connections), limits.connections_per_address};
}

Pistache::Address listen_address(const ServerOptions& options) {
  const auto canonical = canonical_address(options.address);
  if (!canonical) throw Error(ErrorCode::kUnavailable, "bad_address", "Not an IP address: " + options.address);
  const bool six = canonical->find(':') != std::string::npos;
  return {six ? '[' + *canonical + ']' : *canonical, Pistache::Port(options.port)};
}

// What a handler lets out ends its request (its Responder answers 500 when it goes), never a reader thread.
Server::Handler guarded(Server::Handler handler, Log& log) {
  return [handler = std::move(handler), &log](Request request, Responder responder) {
    try {
      handler(std::move(request), std::move(responder));
    } catch (const std::exception& error) {
      log.write(LogLevel::kError, "handler_failed", {{"error", error.what()}});
    } catch (...) {
      log.write(LogLevel::kError, "handler_failed", {{"error", "unknown exception"}});
    }
  };
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, const Clock& clock, Random& random, Log& log)
      : options_(std::move(options)),
        core_(std::make_shared<ServerCore>(options_, caps_of(options_.limits), clock, random, log)),
        sweeper_(core_->table, clock) {}
  ~Impl() { stop(); }

  void start(Handler handler, BodyLimit body_limit) {
    core_->handle = guarded(std::move(handler), core_->log);
    core_->body_limit = std::move(body_limit);
    (void)std::signal(SIGPIPE, SIG_IGN);  // our own writes say MSG_NOSIGNAL; this is for the libraries
    auto endpoint = std::make_unique<Pistache::Http::Endpoint>(listen_address(options_));
    configure(*endpoint);
    listen(*endpoint);
    port_ = endpoint->getPort();
    endpoint_ = std::move(endpoint);
    core_->flusher.start();
    sweeper_.start();
  }

  std::uint16_t port() const { return port_; }
  ServerCore& core() const { return *core_; }

  void drain() {
    core_->draining.store(true);
    for (const auto& connection : core_->table.all()) connection->drain();
  }

  bool quiet() const {
    const auto connections = core_->table.all();
    return std::none_of(connections.begin(), connections.end(), [](const auto& each) { return each->busy(); });
  }

  void stop() {
    if (!endpoint_) return;
    endpoint_->shutdown();
    endpoint_.reset();  // joins Pistache's threads; from here on nobody else closes descriptors
    sweeper_.stop();
    for (const auto& connection : core_->table.all()) connection->close_descriptor();
    core_->flusher.stop();
  }

 private:
  void configure(Pistache::Http::Endpoint& endpoint) {
    using Pistache::Tcp::Options;
    const auto flags = Options::NoDelay | Options::ReuseAddr | Options::CloseOnExec;
    endpoint.init(Pistache::Http::Endpoint::options()
                      .threads(options_.readers)
                      .flags(flags)
                      .headerTimeout(kNever)
                      .bodyTimeout(kNever)
                      .keepaliveTimeout(kNever));
    // init() drops the backlog (always 128, SYN retries at every storm); this second call sets it.
    endpoint.initArgs(static_cast<std::size_t>(options_.readers), Pistache::Flags<Options>(flags), "reader",
                      options_.backlog);
    endpoint.setHandler(std::make_shared<EdgeHandler>(core_, std::make_shared<std::atomic<std::uint64_t>>(0)));
  }

  void listen(Pistache::Http::Endpoint& endpoint) {
    try {
      endpoint.serveThreaded();
    } catch (const std::exception& error) {
      const bool in_use = std::strcmp(error.what(), ::strerror(EADDRINUSE)) == 0;
      const std::string where = options_.address + " port " + std::to_string(options_.port);
      throw Error(ErrorCode::kUnavailable, in_use ? "address_in_use" : "bad_address",
                  "Cannot listen on " + where + (in_use ? ": the port is in use." : "."), error.what());
    }
  }

  const ServerOptions options_;
  const std::shared_ptr<ServerCore> core_;
  Sweeper sweeper_;
  std::unique_ptr<Pistache::Http::Endpoint> endpoint_;
  std::uint16_t port_ = 0;
};

Server::Server(ServerOptions options, const Clock& clock, Random& random, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), clock, random, log)) {}
Server::~Server() = default;

void Server::start(Handler handler, BodyLimit body_limit) { impl_->start(std::move(handler), std::move(body_limit)); }
std::uint16_t Server::port() const { return impl_->port(); }
void Server::drain() { impl_->drain(); }
bool Server::quiet() const { return impl_->quiet(); }
void Server::stop() { impl_->stop(); }

ServerCounters Server::counters() const {
  const ServerCore& core = impl_->core();
  ServerCounters counters;
  counters.connections_open = core.table.size();
  counters.connections_accepted = core.accepted.load(std::memory_order_relaxed);
  counters.connections_refused = core.refused.load(std::memory_order_relaxed);
  counters.requests = core.requests.load(std::memory_order_relaxed);
  counters.bad_requests = core.bad_requests.load(std::memory_order_relaxed);
  counters.timeouts = core.timeouts.load(std::memory_order_relaxed);
  return counters;
}

}  // namespace countersign::http
