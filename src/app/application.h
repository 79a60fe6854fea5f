// The composition root: builds every module once, by constructor, lowest first, and takes them down in the
// reverse order. No sockets here, so a test runs the whole program in one process with a fake clock and
// hands it requests (tests/flows).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/checkpoints.h"
#include "app/config.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/id_source.h"
#include "base/log.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "crypto/password.h"
#include "domain/people.h"
#include "http/client.h"
#include "http/guard.h"
#include "identity/accounts.h"
#include "identity/grants.h"
#include "identity/people.h"
#include "store/store.h"
#include "web/services.h"

namespace countersign::app {

struct ApplicationOptions {
  Config config;
  catalog::Mode mode = catalog::Mode::kServe;
  std::string public_url;     // final: the real port is known
  std::string cookie_suffix;  // dev
  crypto::PasswordCost password_cost;
  // What tests put in the place of the network; null: libcurl.
  http::Client* client = nullptr;
  std::map<std::string, std::string> environment;  // of this process, for the provider `env`
};

class Application {
 public:
  // Opens the database, the key ring and the chain, or throws and touches nothing.
  Application(const ApplicationOptions& options, const Clock& clock, Random& random, Log& log);
  ~Application();

  // From any thread; does not block.
  void handle(http::Request request, http::Responder responder);
  std::size_t body_limit(http::Method method, std::string_view path) const;

  // The jobs, one call each; app::Jobs calls them on time, tests call them by hand.
  void sweep_waiters();
  void write_checkpoint();
  void write_last_seen();  // of sessions and agents
  void reload_integrations();
  void watch_audit();
  void prune();
  void recover_consents();
  void refresh_tokens();  // blocks on the network
  void revoke_tokens();   // blocks on the network

  // Answers every held request and refuses new holds; true from quiet() when nothing runs any more.
  void drain();
  bool quiet() const;

  // Ready to serve: the database can be written, the key ring is open. The reason when not.
  std::optional<std::string> unready() const;
  Metrics& metrics();

  const identity::People& people() const;
  const identity::Grants& grants() const;
  const identity::Accounts& accounts() const;
  store::Store& store();

  // Late settings of `dev`, before the first request: they need the running services.
  void set_first_call(PersonId owner, std::string curl_line);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace countersign::app
