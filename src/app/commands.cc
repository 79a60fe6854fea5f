#include "app/commands.h"

#include <nlohmann/json.hpp>

#include "app/application.h"
#include "app/audit_check.h"
#include "app/data_dir.h"
#include "app/keys.h"
#include "app/ready_file.h"
#include "app/terminal.h"
#include "base/closest.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/one_line.h"
#include "crypto/master_key.h"
#include "crypto/system_random.h"
#include "sql/sqlite_store.h"

namespace countersign::app {
namespace {

using namespace std::chrono_literals;

// The database as it is, beside a running broker, with its keys.
struct LookingGlass {
  explicit LookingGlass(const Config& config)
      : ids(clock),
        store(options(config)),
        opened(open_ring(find_master_key(config, store), store, clock, random, ids)),
        mac(opened.ring),
        checkpoints(checkpoints_path(config.data_dir), opened.ring, clock) {
    // Keys that had to be made up just now would verify nothing.
    if (!opened.unsaved.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "master_key_lost",
                  "The database holds no keys: no broker has run on it.");
    }
  }
  static sql::SqliteStore::Options options(const Config& config) {
    const auto path = database_path(config.data_dir);
    if (!std::filesystem::exists(path)) {
      throw Error(ErrorCode::kInvalidArgument, "data_unwritable", "There is no database at " + path.string() + ".");
    }
    return {.path = path.string(), .mode = sql::Mode::kLook};
  }

  SystemClock clock;
  crypto::SystemRandom random;
  IdSource ids;
  sql::SqliteStore store;
  OpenedRing opened;
  RingMac mac;
  Checkpoints checkpoints;
};

// A whole application without listeners, for commands that change something.
class Offline {
 public:
  explicit Offline(const Config& config) : log_(make_log(config.log_level, config.log_format, clock_)) {
    prepare_data_dir(config.data_dir);
    ApplicationOptions options;
    options.config = config;
    options.config.workers = 1;
    options.public_url = public_url_of(config);
    application_ = std::make_unique<Application>(options, clock_, random_, *log_);
  }
  // At the end of a command that changed something.
  void finish() { application_->write_checkpoint(); }

  static std::string public_url_of(const Config& config) {
    if (!config.public_url.empty()) return config.public_url;
    return "http://" + config.listen.host + ":" + std::to_string(config.listen.port);
  }
  Application& operator*() { return *application_; }
  Application* operator->() { return application_.get(); }

 private:
  SystemClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Application> application_;
};

constexpr auto kInvitationLifetime = 24h;

void print_link(Offline& broker, const Config& config, PersonId person, domain::LinkPurpose purpose) {
  const Secret link = broker->people().make_link(domain::Actor::command_line(), kDefaultWorkspace, person,
                                                 kInvitationLifetime, purpose);
  print_sign_in_link(Offline::public_url_of(config), link);
}

PersonId person_called(Offline& broker, const std::string& login) {
  for (const domain::Person& person : broker->people().list(kDefaultWorkspace)) {
    if (person.login == login) return person.id;
  }
  throw Error(ErrorCode::kNotFound, "unknown_person", "There is nobody with the login " + login + ".");
}

domain::ScopeSet scopes_of(const std::string& text) {
  if (text.empty()) return domain::ScopeSet::usual();
  std::string unknown;
  if (const auto scopes = domain::parse_scopes(text, &unknown)) return *scopes;
  throw Error(ErrorCode::kInvalidArgument, "bad_scope",
              "\"" + unknown + "\" is no scope; there are: " + domain::text_of(domain::ScopeSet::all()) + ".");
}

std::string state_of(const domain::Agent& agent, Instant now) {
  if (agent.revoked_at != Instant()) return "revoked";
  if (agent.orphaned_at != Instant()) return "orphaned";
  if (agent.paused_at != Instant()) return "paused";
  return agent.expires_at != Instant() && agent.expires_at <= now ? "expired" : "active";
}

Json report_json(const AuditReport& report) {
  Json chains = Json::array();
  for (const store::Chain& chain : report.chains) {
    chains.push_back({{"workspace", chain.workspace.text()},
                      {"node", chain.node},
                      {"count", chain.head.count},
                      {"head", hex(chain.head.link)}});
  }
  return {{"ok", report.findings.empty()},
          {"events", report.events},
          {"chains", std::move(chains)},
          {"findings", report.findings}};
}

}  // namespace

ExitCode key_create(const std::filesystem::path& path) {
  crypto::SystemRandom random;
  const auto key = crypto::create_master_key_file(std::filesystem::absolute(path), random);
  print("Made master key " + key.id() + " in " + path.string() +
        ".\nKeep a copy of this file in a safe place: without it the data cannot be opened.\n");
  return ExitCode::kOk;
}

ExitCode key_status(const Config& config, Output output) {
  const LookingGlass look(config);
  const auto rows = look.store.read([](const store::Snapshot& now) { return now.keys().all(); });
  Json keys = Json::array();
  std::string text = "The master key opens all " + std::to_string(rows.size()) + " keys.\n";
  for (const domain::KeyRow& row : rows) {
    keys.push_back({{"id", row.id.text()},
                    {"purpose", row.purpose},
                    {"version", row.version},
                    {"master_key", row.master_key_id},
                    {"created_at", row.created_at.time_since_epoch().count()}});
    text += "  " + row.purpose + " " + std::to_string(row.version) + "  wrapped by " + row.master_key_id + "\n";
  }
  print(output == Output::kJson ? dump_json(Json{{"ok", true}, {"keys", std::move(keys)}}) + "\n" : text);
  return ExitCode::kOk;
}

ExitCode audit_verify(const Config& config, Output output) {
  const LookingGlass look(config);
  const AuditReport report = verify_audit(look.store, look.mac, look.checkpoints);
  if (output == Output::kJson) {
    print(dump_json(report_json(report)) + "\n");
  } else if (report.findings.empty()) {
    print("Verified " + std::to_string(report.events) + " events in " + std::to_string(report.chains.size()) +
          " chain(s), the checkpoint file and every sealed credential. All is well.\n");
  } else {
    print("The audit record does not verify:\n");
    for (const std::string& finding : report.findings) print("  - " + finding + "\n");
  }
  return report.findings.empty() ? ExitCode::kOk : ExitCode::kVerificationFailed;
}

ExitCode audit_export(const Config& config) {
  const LookingGlass look(config);
  export_audit(look.store, [](std::string_view line) {
    print(line);
    print("\n");
  });
  return ExitCode::kOk;
}

ExitCode person_add(const Config& config, const PersonOptions& options) {
  Offline broker(config);
  const domain::Person person = broker->people().add(domain::Actor::command_line(),
                                                     {kDefaultWorkspace, options.login, options.name, options.role});
  print_link(broker, config, person.id, domain::LinkPurpose::kInvitation);
  broker.finish();
  return ExitCode::kOk;
}

ExitCode person_reset(const Config& config, const std::string& login) {
  Offline broker(config);
  print_link(broker, config, person_called(broker, login), domain::LinkPurpose::kSignIn);
  broker.finish();
  return ExitCode::kOk;
}

ExitCode person_recover(const Config& config, const std::string& login) {
  Offline broker(config);
  const Secret link = broker->people().recover(domain::Actor::command_line(), kDefaultWorkspace,
                                               person_called(broker, login), kInvitationLifetime);
  print_sign_in_link(Offline::public_url_of(config), link);
  broker.finish();
  return ExitCode::kOk;
}

ExitCode agent_add(const Config& config, const AgentOptions& options) {
  Offline broker(config);
  const PersonId owner = options.owner.empty() ? PersonId() : person_called(broker, options.owner);
  const auto grant =
      broker->grants().issue(domain::Actor::command_line(), {.workspace = kDefaultWorkspace,
                                                             .owner = owner,
                                                             .name = options.name,
                                                             .scopes = scopes_of(options.scopes),
                                                             .lifetime = std::chrono::hours(24) * options.days});
  print_agent_token(grant.token);
  broker.finish();
  return ExitCode::kOk;
}

ExitCode agent_list(const Config& config, Output output) {
  const LookingGlass look(config);
  const auto agents = look.store.read([](const store::Snapshot& now) { return now.agents().list(kDefaultWorkspace); });
  Json list = Json::array();
  for (const domain::Agent& agent : agents) {
    const std::string state = state_of(agent, look.clock.now());
    const std::string owner = agent.owner.valid() ? agent.owner.text() : "workspace";
    list.push_back({{"id", agent.id.text()},
                    {"name", agent.name},
                    {"owner", owner},
                    {"state", state},
                    {"scopes", domain::text_of(agent.scopes)}});
    if (output == Output::kText)
      print(agent.id.text() + "  " + state + "  " + owner + "  " + one_line(agent.name, 100) + "\n");
  }
  if (output == Output::kJson) print(dump_json(Json{{"agents", std::move(list)}}) + "\n");
  return ExitCode::kOk;
}

ExitCode agent_revoke(const Config& config, const std::string& id) {
  const auto agent = AgentId::parse(id);
  if (!agent) throw Error(ErrorCode::kNotFound, "unknown_agent", "There is no agent " + id + ".");
  Offline broker(config);
  broker->grants().revoke(domain::Actor::command_line(), kDefaultWorkspace, *agent);
  broker.finish();
  return ExitCode::kOk;
}

ExitCode config_show(const Config& config) {
  for (const ConfigKey& key : config_keys()) print(std::string(key.name) + " = " + key.show(config) + "\n");
  return ExitCode::kOk;
}

ExitCode config_explain(const std::string& wanted) {
  std::vector<std::string_view> known;
  for (const ConfigKey& key : config_keys()) {
    known.push_back(key.name);
    if (!wanted.empty() && key.name != wanted) continue;
    print(std::string(key.name) + "\n  " + std::string(key.meaning) + "\n  default: " + key.show(Config()) + "\n");
    if (!wanted.empty()) return ExitCode::kOk;
  }
  if (wanted.empty()) return ExitCode::kOk;
  throw Error(ErrorCode::kInvalidArgument, "bad_config", "there is no setting " + wanted + did_you_mean(wanted, known));
}

}  // namespace countersign::app
