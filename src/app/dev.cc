#include "app/dev.h"

#include <filesystem>

#include "app/broker.h"
#include "app/data_dir.h"
#include "app/keys.h"
#include "app/serve.h"
#include "base/error.h"
#include "crypto/master_key.h"
#include "crypto/system_random.h"

namespace countersign::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kOwnerLogin = "owner";
constexpr std::string_view kAgentName = "dev agent";

// Removes an ephemeral folder when the broker is gone.
class ScratchDir {
 public:
  explicit ScratchDir(std::filesystem::path dir) : dir_(std::move(dir)) {}
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  ~ScratchDir() {
    std::error_code ignored;
    if (!dir_.empty()) std::filesystem::remove_all(dir_, ignored);
  }

 private:
  std::filesystem::path dir_;
};

PersonId find_or_add_owner(Application& application) {
  for (const domain::Person& person : application.people().list(kDefaultWorkspace)) {
    if (person.login == kOwnerLogin) return person.id;
  }
  return application.people()
      .add(domain::Actor::command_line(), {kDefaultWorkspace, std::string(kOwnerLogin), "Owner", domain::Role::kAdmin})
      .id;
}

bool still_good(const Application& application, const Secret& token) {
  if (token.empty()) return false;
  try {
    application.grants().authenticate(token_text(token));
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnauthenticated) throw;
    return false;  // revoked, expired, or the database was replaced
  }
}

// The same token at every start, or `claude mcp add` would have to be repeated.
Secret find_or_issue_token(Application& application, PersonId owner, const std::filesystem::path& file) {
  Secret kept = read_token_file(file);
  if (still_good(application, kept)) return kept;
  auto grant = application.grants().issue(domain::Actor::command_line(), {.workspace = kDefaultWorkspace,
                                                                          .owner = owner,
                                                                          .name = std::string(kAgentName),
                                                                          .scopes = domain::ScopeSet::all(),
                                                                          .lifetime = 0s});
  write_token_file(file, grant.token);
  return std::move(grant.token);
}

void prepare(DevOptions& options, Random& random) {
  if (!is_loopback(options.config.listen) || !is_loopback(options.config.ops_listen)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_config",
                "`dev` listens on this machine only (127.0.0.1 or [::1]). For anything else use `countersign serve`.");
  }
  if (options.ephemeral) options.config.data_dir = make_ephemeral_dir();
  if (options.config.data_dir.empty()) options.config.data_dir = user_data_dir();
  prepare_data_dir(options.config.data_dir);
  options.config.master_key_file = dev_master_key_path(options.config.data_dir);
  // Only for a database that does not exist yet: a new key beside old data would be a lost one.
  const bool first_start = !std::filesystem::exists(database_path(options.config.data_dir));
  if (first_start && !std::filesystem::exists(options.config.master_key_file)) {
    crypto::create_master_key_file(options.config.master_key_file, random);
  }
}

}  // namespace

ExitCode run_dev(DevOptions options, Log& log) {
  const SystemClock clock;
  crypto::SystemRandom random;
  prepare(options, random);
  const ScratchDir scratch(options.ephemeral ? options.config.data_dir : "");

  ApplicationOptions application_options;
  application_options.config = options.config;
  application_options.mode = catalog::Mode::kDev;
  application_options.environment = process_environment();
  Broker broker(std::move(application_options), clock, random, log);
  Application& application = broker.application();

  const PersonId owner = find_or_add_owner(application);
  const Secret token = find_or_issue_token(application, owner, dev_token_path(options.config.data_dir));
  const Secret link = application.people().make_link(domain::Actor::command_line(), kDefaultWorkspace, owner, 600s);
  application.set_first_call(owner, first_call_line(broker.endpoints().base_url, token));
  broker.serve();
  if (!options.admin_link_file.empty()) write_admin_link(options.admin_link_file, broker.endpoints().base_url, link);
  if (!options.ready_file.empty()) write_ready_file(options.ready_file, broker.endpoints(), token);
  print_dev_banner(broker.endpoints(), link, token,
                   options.ephemeral ? "none kept (--ephemeral)" : options.config.data_dir.string());
  return wait_and_shut_down(broker, log);
}

}  // namespace countersign::app
