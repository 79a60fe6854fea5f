#include "app/application.h"

#include <filesystem>

#include "app/data_dir.h"
#include "app/keys.h"
#include "app/version.h"
#include "handoff/connections.h"
#include "handoff/handoffs.h"
#include "http/waiters.h"
#include "http/worker_pool.h"
#include "identity/sign_in.h"
#include "sql/sqlite_store.h"
#include "vault/vault.h"
#include "web/agent_door.h"
#include "web/assets.h"
#include "web/authenticate.h"
#include "web/openapi.h"
#include "web/routes.h"
#include "web/template_engine.h"

namespace countersign::app {
namespace {

web::Settings settings_of(const ApplicationOptions& options) {
  return {.public_url = options.public_url,
          .dev = options.mode == catalog::Mode::kDev,
          .cookie_suffix = options.cookie_suffix,
          .workspace = kDefaultWorkspace,
          .first_call = {},
          .first_call_owner = {}};
}

identity::SessionLimits limits_of(const Config& config) {
  identity::SessionLimits limits;
  limits.idle = config.session_idle;
  limits.absolute = config.session_absolute;
  return limits;
}

// Taking the file away is how an operator accepts a restored database, and how a thief would hide a cut tail:
// either way the chain says from when on it is vouched for.
void record_missing_checkpoint(store::Store& store, const Clock& clock) {
  domain::AuditEvent event;
  event.workspace = kDefaultWorkspace;
  event.at = clock.now();
  event.action = "audit.checkpoint_missing";
  event.object = kDefaultWorkspace.text();
  store.transact([&](store::Transaction& tx) { tx.audit().record(event); });
}

// The parts that need an open database before anything may be written.
struct Storage {
  Storage(const Config& config, const Clock& clock, Random& random, IdSource& ids, http::Waiters& waiters)
      : store({.path = database_path(config.data_dir).string()}),
        opened(open_ring(find_master_key(config, store), store, clock, random, ids)),
        mac(opened.ring),
        checkpoints(checkpoints_path(config.data_dir), opened.ring, clock) {
    const bool first_start = !opened.unsaved.empty();
    if (first_start) {
      checkpoints.begin(kDefaultWorkspace);
    } else {
      checkpoints.check_against(store);
    }
    store.commits().subscribe([&waiters](std::span<const std::int64_t> row_keys) {
      for (const std::int64_t row_key : row_keys) waiters.wake(row_key);
    });
    store.start(mac);
    save_keys(store, opened.unsaved, clock);
    if (!checkpoints.exist()) record_missing_checkpoint(store, clock);
  }

  sql::SqliteStore store;
  OpenedRing opened;
  RingMac mac;
  Checkpoints checkpoints;
};

}  // namespace

// Declared in the order they are built; destroyed in reverse, so nothing outlives what it uses.
struct Application::Parts {
  Parts(const ApplicationOptions& options, const Clock& clock, Random& random, Log& log)
      : pool(options.config.workers, options.config.queue_limit, log),
        waiters(pool, clock),
        ids(clock),
        storage(options.config, clock, random, ids, waiters),
        passwords(options.password_cost),
        people(storage.store, keys(), passwords, clock, random, ids),
        sign_in(storage.store, keys(), passwords, clock, random, ids, limits_of(options.config)),
        grants(storage.store, keys(), clock, random, ids),
        catalog(embedded::integrations(), options.mode),
        vault(storage.store, keys(), clock, random),
        handoffs(storage.store, catalog, vault, keys(), clock, random, ids),
        connections(storage.store, clock),
        settings(settings_of(options)),
        templates(embedded::templates()),
        assets(embedded::assets()),
        services{handoffs, connections, sign_in, people, grants, catalog, clock, settings, templates, assets},
        agent_door(services, {.writes = options.config.grant_writes, .executes = options.config.grant_executes}),
        doorkeeper(sign_in, grants, settings),
        metrics(kVersion),
        guard(router, doorkeeper, pool, waiters, clock, log, error_views(),
              [this](const http::Answered& answered) { metrics.answered(answered); }) {
    web::add_page_routes(router, services);
    web::add_agent_api_routes(router, agent_door);
    web::add_mcp_routes(router, agent_door, settings);
    web::add_openapi_route(router, agent_door, settings);
    add_gauges();
  }

  const crypto::KeyRing& keys() const { return storage.opened.ring; }

  http::ErrorViews error_views() {
    return {[this](const http::Request& request, const Error& error, int status) {
              return web::page_error(services, request, error, status);
            },
            [](const http::Request& request, const Error& error, int status) {
              return web::mcp_error(request, error, status);
            }};
  }

  void add_gauges() {
    metrics.gauge("countersign_held_requests", "Long polls that wait for a change.",
                  [this] { return static_cast<double>(waiters.size()); });
    const auto stats = [this] { return storage.store.stats(); };
    metrics.count("countersign_store_commits_total", "Commits that became durable, one flush each.",
                  [stats] { return static_cast<double>(stats().commits); });
    metrics.count("countersign_store_changes_total", "Changes answered by the writer.",
                  [stats] { return static_cast<double>(stats().requests); });
    metrics.count("countersign_store_lost_groups_total", "Groups of changes that the storage refused.",
                  [stats] { return static_cast<double>(stats().lost_groups); });
    metrics.gauge("countersign_store_writable", "1 while the database takes writes.",
                  [this] { return storage.store.health().writable ? 1.0 : 0.0; });
  }

  http::WorkerPool pool;
  http::Waiters waiters;
  IdSource ids;
  Storage storage;
  identity::PasswordWorker passwords;
  identity::People people;
  identity::SignIn sign_in;
  identity::Grants grants;
  catalog::Catalog catalog;
  vault::Vault vault;
  handoff::Handoffs handoffs;
  handoff::Connections connections;
  web::Settings settings;
  web::TemplateEngine templates;
  web::Assets assets;
  web::Services services;
  web::AgentDoor agent_door;
  web::Doorkeeper doorkeeper;
  Metrics metrics;
  http::Router router;
  http::Guard guard;
};

Application::Application(const ApplicationOptions& options, const Clock& clock, Random& random, Log& log)
    : parts_(std::make_unique<Parts>(options, clock, random, log)) {}

// Workers first: what they run still needs everything else.
Application::~Application() {
  drain();
  parts_->pool.stop();
}

void Application::handle(http::Request request, http::Responder responder) {
  parts_->guard.handle(std::move(request), std::move(responder));
}

std::size_t Application::body_limit(http::Method method, std::string_view path) const {
  return parts_->router.body_limit(method, path);
}

void Application::sweep_waiters() { parts_->waiters.sweep(); }
void Application::write_checkpoint() { parts_->storage.checkpoints.write(parts_->storage.store); }
void Application::write_last_seen() {
  parts_->sign_in.write_last_seen();
  parts_->grants.write_last_used();
}
void Application::drain() { parts_->waiters.drain(); }
bool Application::quiet() const { return parts_->pool.idle() && parts_->waiters.size() == 0; }

std::optional<std::string> Application::unready() const {
  const auto health = parts_->storage.store.health();
  if (!health.writable) return "the database cannot be written: " + health.problem;
  return std::nullopt;
}

Metrics& Application::metrics() { return parts_->metrics; }
const identity::People& Application::people() const { return parts_->people; }
const identity::Grants& Application::grants() const { return parts_->grants; }
store::Store& Application::store() { return parts_->storage.store; }
void Application::set_first_call(PersonId owner, std::string curl_line) {
  parts_->settings.first_call = std::move(curl_line);
  parts_->settings.first_call_owner = owner;
}

}  // namespace countersign::app
