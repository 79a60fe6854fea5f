#include "app/application.h"

#include <filesystem>
#include <thread>

#include "app/audit_watch.h"
#include "app/data_dir.h"
#include "app/keys.h"
#include "app/version.h"
#include "handoff/connections.h"
#include "handoff/handoffs.h"
#include "handoff/login.h"
#include "http/streams.h"
#include "http/waiters.h"
#include "http/worker_pool.h"
#include "identity/audit_trail.h"
#include "identity/sessions.h"
#include "identity/sign_in.h"
#include "oauth/clients.h"
#include "oauth/connect.h"
#include "oauth/discovery.h"
#include "oauth/id_token.h"
#include "oauth/revoker.h"
#include "oauth/server_calls.h"
#include "oauth/tokens.h"
#include "sql/sqlite_store.h"
#include "vault/bindings.h"
#include "vault/object_seal.h"
#include "vault/providers.h"
#include "vault/vault.h"
#include "web/agent_door.h"
#include "web/assets.h"
#include "web/authenticate.h"
#include "web/openapi.h"
#include "web/routes.h"
#include "web/template_engine.h"
#include "webhook/webhooks.h"

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

bool is_loopback_url(std::string_view url) {
  return url.starts_with("http://127.") || url.starts_with("http://localhost") || url.starts_with("http://[::1]");
}

handoff::LoginOptions login_options(const ApplicationOptions& options) {
  handoff::LoginOptions login;
  login.workspace = kDefaultWorkspace;
  login.return_code = options.config.return_code;
  login.loopback_only = is_loopback_url(options.public_url);
  login.longest_grant = options.config.longest_grant;
  login.proxies = options.config.trusted_proxies;
  return login;
}

// A server fetches our client's document from us: from a public address by https, or not at all.
oauth::ClientOptions client_options(const ApplicationOptions& options) {
  oauth::ClientOptions client;
  client.public_url = options.public_url;
  client.reachable = options.public_url.starts_with("https://") && options.config.oauth_client_document;
  return client;
}

std::unique_ptr<http::Client> make_client(const ApplicationOptions& options) {
  if (options.client != nullptr) return nullptr;
  http::CurlClientOptions client;
  client.allow_loopback_http = options.mode == catalog::Mode::kDev;
  client.allowed = options.config.outbound_allowed;
  client.proxy = options.config.outbound_proxy;
  return std::make_unique<http::CurlClient>(std::move(client));
}

vault::Providers make_providers(const ApplicationOptions& options, http::Client& client) {
  const Config& config = options.config;
  vault::Providers providers;
  if (!config.env_prefix.empty()) providers.push_back(vault::env_provider(config.env_prefix, options.environment));
  if (!config.file_directory.empty()) {
    std::vector<std::filesystem::path> ours{config.data_dir};
    for (const auto& file : {master_key_path(config), config.vault_token_file}) {
      if (!file.empty()) ours.push_back(file);
    }
    providers.push_back(vault::file_provider(config.file_directory, std::move(ours)));
  }
  if (!config.vault_address.empty()) {
    providers.push_back(vault::kv_provider(
        {config.vault_address, config.vault_mount, config.vault_prefix, config.vault_token_file}, client));
  }
  return providers;
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
  Storage(const Config& config, const Clock& clock, Random& random, IdSource& ids, http::Waiters& waiters,
          http::Streams& streams)
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
    store.commits().subscribe([&waiters, &streams](std::span<const std::int64_t> row_keys) {
      for (const std::int64_t row_key : row_keys) {
        waiters.wake(row_key);
        streams.wake(row_key);
      }
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
        streams(pool, clock),
        ids(clock),
        storage(options.config, clock, random, ids, waiters, streams),
        passwords(options.password_cost),
        own_client(make_client(options)),
        client(options.client != nullptr ? *options.client : *own_client),
        people(storage.store, keys(), passwords, clock, random, ids),
        accounts(storage.store, people, clock),
        sessions(storage.store, clock, limits_of(options.config)),
        trail(storage.store),
        audit_watch(storage.store, storage.mac, clock, kDefaultWorkspace),
        sign_in(storage.store, keys(), passwords, clock, random, ids, limits_of(options.config)),
        grants(storage.store, keys(), clock, random, ids),
        catalog(embedded::integrations(), options.mode, options.config.integrations_folder),
        vault(storage.store, keys(), clock, random),
        bindings(storage.store, make_providers(options, client), clock, ids),
        handoffs(storage.store, catalog, vault, bindings, client, keys(), clock, random, ids),
        logins(storage.store, keys(), grants, clock, random, ids, login_options(options)),
        connections(storage.store, clock),
        seals(keys(), random),
        discovery(client, clock),
        calls(client, clock, random),
        id_tokens(client, clock),
        oauth_clients(oauth_parts(clock, random), discovery, calls, client_options(options)),
        oauth_connect(oauth_parts(clock, random), oauth_clients, discovery, calls, id_tokens),
        tokens(oauth_parts(clock, random), oauth_clients, calls,
               [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); }),
        revoker(oauth_parts(clock, random), oauth_clients, calls),
        webhooks(storage.store, catalog, vault, bindings, client, keys(), clock, ids,
                 {.workspace = kDefaultWorkspace, .public_url = options.public_url}),
        settings(settings_of(options)),
        templates(embedded::templates()),
        assets(embedded::assets()),
        audit_state([this] { return audit_watch.state(); }),
        system_facts([this] { return facts(); }),
        services{handoffs, logins,  connections, oauth_clients, oauth_connect, discovery,   tokens,      revoker,
                 webhooks, sign_in, people,      accounts,      sessions,      grants,      trail,       bindings,
                 catalog,  clock,   settings,    templates,     assets,        audit_state, system_facts},
        agent_door(services, {.writes = options.config.grant_writes, .executes = options.config.grant_executes}),
        doorkeeper(sign_in, grants, settings),
        metrics(kVersion),
        guard(router, doorkeeper, pool, waiters, streams, clock, log, error_views(),
              [this](const http::Answered& answered) { metrics.answered(answered); }) {
    web::add_page_routes(router, services);
    web::add_agent_api_routes(router, agent_door);
    web::add_mcp_routes(router, agent_door, settings);
    web::add_openapi_route(router, agent_door, settings);
    web::add_webhook_door(router, services);
    add_gauges();
  }

  const crypto::KeyRing& keys() const { return storage.opened.ring; }

  oauth::Parts oauth_parts(const Clock& clock, Random& random) {
    return {storage.store, catalog, handoffs, vault, bindings, seals, keys(), clock, random, ids, kDefaultWorkspace};
  }

  web::SystemFacts facts() const {
    const auto health = storage.store.health();
    return {{"Version", std::string(kVersion)},
            {"Public URL", settings.public_url},
            {"Mode", settings.dev ? "development, this machine only" : "serving"},
            {"Database", health.writable ? "takes writes" : "refuses writes: " + health.problem},
            {"Integrations", std::to_string(catalog.list().size())}};
  }

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
    metrics.gauge("countersign_event_streams", "Open pages that are sent news.",
                  [this] { return static_cast<double>(streams.size()); });
    const auto stats = [this] { return storage.store.stats(); };
    metrics.count("countersign_store_commits_total", "Commits that became durable, one flush each.",
                  [stats] { return static_cast<double>(stats().commits); });
    metrics.count("countersign_store_changes_total", "Changes answered by the writer.",
                  [stats] { return static_cast<double>(stats().requests); });
    metrics.count("countersign_store_lost_groups_total", "Groups of changes that the storage refused.",
                  [stats] { return static_cast<double>(stats().lost_groups); });
    const auto refreshes = [this] { return tokens.counts(); };
    metrics.count("countersign_oauth_refreshes_total", "Access tokens renewed at a provider.",
                  [refreshes] { return static_cast<double>(refreshes().refreshed); });
    metrics.count("countersign_oauth_refreshes_put_off_total", "Renewals that failed and will be tried again.",
                  [refreshes] { return static_cast<double>(refreshes().put_off); });
    metrics.count("countersign_oauth_refreshes_rejected_total", "Accounts that a person has to connect again.",
                  [refreshes] { return static_cast<double>(refreshes().rejected); });
    metrics.counts(
        "countersign_audit_events_total",
        "What the audit record holds, by action: sign_in.failed, handoff.completed and so on. Counted as the "
        "chain is verified, a few seconds behind.",
        "action", [this] { return audit_watch.counts(); });
    metrics.gauge("countersign_store_writable", "1 while the database takes writes.",
                  [this] { return storage.store.health().writable ? 1.0 : 0.0; });
  }

  http::WorkerPool pool;
  http::Waiters waiters;
  http::Streams streams;
  IdSource ids;
  Storage storage;
  identity::PasswordWorker passwords;
  std::unique_ptr<http::Client> own_client;
  http::Client& client;
  identity::People people;
  identity::Accounts accounts;
  identity::Sessions sessions;
  identity::AuditTrail trail;
  AuditWatch audit_watch;
  identity::SignIn sign_in;
  identity::Grants grants;
  catalog::Catalog catalog;
  vault::Vault vault;
  vault::Bindings bindings;
  handoff::Handoffs handoffs;
  handoff::Logins logins;
  handoff::Connections connections;
  vault::ObjectSeal seals;
  oauth::Discovery discovery;
  oauth::ServerCalls calls;
  oauth::IdTokens id_tokens;
  oauth::Clients oauth_clients;
  oauth::Connect oauth_connect;
  oauth::Tokens tokens;
  oauth::Revoker revoker;
  webhook::Webhooks webhooks;
  web::Settings settings;
  web::TemplateEngine templates;
  web::Assets assets;
  std::function<web::AuditState()> audit_state;
  std::function<web::SystemFacts()> system_facts;
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

void Application::sweep_waiters() {
  parts_->waiters.sweep();
  parts_->streams.sweep();
}
void Application::write_checkpoint() { parts_->storage.checkpoints.write(parts_->storage.store); }
void Application::write_last_seen() {
  parts_->sign_in.write_last_seen();
  parts_->grants.write_last_used();
}
void Application::reload_integrations() { parts_->catalog.reload(); }
void Application::watch_audit() { parts_->audit_watch.step(); }
void Application::prune() { parts_->logins.prune(); }
void Application::recover_consents() { parts_->oauth_connect.recover(); }
void Application::refresh_tokens() { parts_->tokens.refresh_due(kDefaultWorkspace); }
void Application::revoke_tokens() { parts_->revoker.revoke_due(); }
void Application::drain() {
  parts_->waiters.drain();
  parts_->streams.drain();
}
bool Application::quiet() const {
  return parts_->pool.idle() && parts_->waiters.size() == 0 && parts_->streams.size() == 0;
}

std::optional<std::string> Application::unready() const {
  const auto health = parts_->storage.store.health();
  if (!health.writable) return "the database cannot be written: " + health.problem;
  return std::nullopt;
}

Metrics& Application::metrics() { return parts_->metrics; }
const identity::People& Application::people() const { return parts_->people; }
const identity::Grants& Application::grants() const { return parts_->grants; }
const identity::Accounts& Application::accounts() const { return parts_->accounts; }
store::Store& Application::store() { return parts_->storage.store; }
void Application::set_first_call(PersonId owner, std::string curl_line) {
  parts_->settings.first_call = std::move(curl_line);
  parts_->settings.first_call_owner = owner;
}

}  // namespace countersign::app
