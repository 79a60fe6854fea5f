// The reference of the budgets: a stock Pistache server that answers a constant. Never faces a network.
//   bare_server PORT
#include <pistache/endpoint.h>
#include <pistache/http.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace {

class Constant : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(Constant)
  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter response) override {
    response.send(Pistache::Http::Code::Ok, std::string("{\"status\":\"pending\"}"));
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  Pistache::Http::Endpoint server(Pistache::Address(Pistache::Ipv4::loopback(), Pistache::Port(port)));
  server.init(Pistache::Http::Endpoint::options().threads(1).flags(Pistache::Tcp::Options::ReuseAddr |
                                                                   Pistache::Tcp::Options::NoDelay));
  server.setHandler(Pistache::Http::make_handler<Constant>());
  server.serve();
}
