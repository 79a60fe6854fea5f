#include "app/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/client_commands.h"
#include "app/commands.h"
#include "app/data_dir.h"
#include "app/dev.h"
#include "app/exit_code.h"
#include "app/health.h"
#include "app/integration_commands.h"
#include "app/serve.h"
#include "app/terminal.h"
#include "app/version.h"
#include "base/error.h"
#include "crypto/hardening.h"
#include "crypto/init.h"

namespace countersign::app {
namespace {

// What the flags said; a flag wins over the environment, that over the file.
struct Flags {
  std::string config_file;
  std::string data_dir;
  std::string listen;
  std::string ops_listen;
  std::string ready_file;
  std::string admin_link_file;
  bool ephemeral = false;
  bool json = false;
  bool replace = false;
  bool online = false;
  std::string path;
  std::string name;
  std::string login;
  std::string role = "member";
  std::string key;
  std::string owner;
  int days = 0;
  std::string scopes;
  std::string url;
  std::string client;
  std::string client_file;
  std::string token_file;
  std::string ops_url;
};

Config load_config(const Flags& flags) {
  Config config;
  if (!flags.config_file.empty()) apply_file(config, flags.config_file);
  apply_environment(config, environ);
  const auto set = [&](std::string_view flag, std::string_view name, const std::string& value) {
    if (!value.empty()) apply(config, name, value, {std::string(flag), 0, 0});
  };
  set("--listen", "server.listen", flags.listen);
  set("--ops-listen", "ops.listen", flags.ops_listen);
  set("--data-dir", "storage.data_dir", flags.data_dir);
  return config;
}

// Without a configuration file the data is `dev`'s: its own folder, its own master key beside it.
Config load_for_looking(const Flags& flags) {
  Config config = load_config(flags);
  if (config.data_dir.empty()) config.data_dir = user_data_dir();
  if (flags.config_file.empty() && config.master_key_file.empty()) {
    config.master_key_file = dev_master_key_path(config.data_dir);
  }
  return config;
}

Config load_for_serving(const Flags& flags) {
  Config config = load_config(flags);
  if (config.data_dir.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "bad_config",
                "storage.data_dir is not set: say where to keep the data (in the file, or with --data-dir). "
                "To try things out on this machine, `countersign dev` needs no configuration.");
  }
  return config;
}

ExitCode dev(const Flags& flags) {
  const SystemClock clock;
  DevOptions options;
  options.config = load_config(flags);
  // An own port for the pages means a script: the ops listener must not collide either.
  if (options.config.listen.port == 0 && flags.ops_listen.empty()) options.config.ops_listen.port = 0;
  options.ephemeral = flags.ephemeral;
  options.ready_file = flags.ready_file;
  options.admin_link_file = flags.admin_link_file;
  const auto log = make_log(options.config.log_level, options.config.log_format, clock);
  return run_dev(std::move(options), *log);
}

ExitCode serve(const Flags& flags) {
  const SystemClock clock;
  Config config = load_for_serving(flags);
  const auto log = make_log(config.log_level, config.log_format, clock);
  return run_serve(std::move(config), flags.ready_file, *log);
}

ExitCode health(const Flags& flags) {
  return check_health(flags.ops_url.empty() ? ops_url_of(load_config(flags)) : flags.ops_url);
}

ExitCode config_check(const Flags& flags) {
  check_whole(load_for_serving(flags));
  print("The configuration is good.\n");
  return ExitCode::kOk;
}

domain::Role role_of(const std::string& word) {
  if (const auto role = domain::kRoleNames.parse(word)) return *role;
  throw Error(ErrorCode::kInvalidArgument, "bad_config", "--role must be member, approver or admin.");
}

ClientOptions client_options(const Flags& flags) {
  ClientOptions options;
  if (!flags.url.empty()) options.url = flags.url;
  if (!flags.name.empty()) options.name = flags.name;
  options.file = flags.client_file;
  options.token_file = flags.token_file;
  if (flags.client.empty()) return options;
  options.client = kClientNames.parse(flags.client);
  if (options.client) return options;
  throw Error(ErrorCode::kInvalidArgument, "bad_config",
              "There is no client \"" + flags.client + "\"; there are: claude, vscode, cursor, codex.");
}

using Action = std::function<ExitCode(const Flags&)>;

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string(kVersion));
    add_serving();
    add_keys();
    add_audit();
    add_people();
    add_agents();
    add_config();
    add_integrations();
    add_client();
    command(app_, "version", "Prints the version", [](const Flags&) {
      print(std::string(kVersion) + "\n");
      return ExitCode::kOk;
    });
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // Help and version are parse "errors" of CLI11 with code 0.
      return app_.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
    }
    return static_cast<int>(action_(flags_));
  }

 private:
  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& meaning, Action action) {
    CLI::App* added = parent.add_subcommand(name, meaning);
    added->callback([this, action = std::move(action)] { action_ = action; });
    return added;
  }

  CLI::App* group(const std::string& name, const std::string& meaning) {
    CLI::App* added = app_.add_subcommand(name, meaning);
    added->require_subcommand(1);
    return added;
  }

  void add_place(CLI::App* to) {
    to->add_option("--config", flags_.config_file, "Configuration file (TOML)");
    to->add_option("--data-dir", flags_.data_dir, "Folder of the database");
  }

  void add_listeners(CLI::App* to) {
    to->add_option("--listen", flags_.listen, "ADDRESS:PORT of pages, API and MCP; port 0: any free one");
    to->add_option("--ops-listen", flags_.ops_listen, "ADDRESS:PORT of /livez, /readyz and /metrics");
    to->add_option("--ready-file", flags_.ready_file, "Written as JSON when it serves");
  }

  void add_serving() {
    CLI::App* for_dev = command(app_, "dev", "Serves on this machine only, with nothing to configure", dev);
    add_place(for_dev);
    add_listeners(for_dev);
    for_dev->add_flag("--ephemeral", flags_.ephemeral, "Keeps nothing after the end");
    for_dev->add_option("--admin-link-file", flags_.admin_link_file, "The one-use sign-in link is written here (0600)");
    CLI::App* for_serve = command(app_, "serve", "Serves as configured", serve);
    add_place(for_serve);
    add_listeners(for_serve);
    CLI::App* for_health =
        command(app_, "health", "Whether a running broker is ready; exits with 0 when it is", health);
    for_health->add_option("--config", flags_.config_file, "Configuration file (TOML)");
    for_health->add_option("--ops-url", flags_.ops_url, "Where its ops listener is, instead of as configured");
  }

  void add_keys() {
    CLI::App* keys = group("key", "The master key");
    command(*keys, "create", "Makes a master key file", [](const Flags& flags) { return key_create(flags.path); })
        ->add_option("PATH", flags_.path, "New file")
        ->required();
    CLI::App* status = command(*keys, "status", "Whether the master key opens the database", [](const Flags& flags) {
      return key_status(load_for_looking(flags), flags.json ? Output::kJson : Output::kText);
    });
    add_place(status);
    status->add_flag("--json", flags_.json, "As JSON");
  }

  void add_audit() {
    CLI::App* audit = group("audit", "The audit record");
    CLI::App* verify =
        command(*audit, "verify", "Looks for anything changed, removed or rolled back", [](const Flags& flags) {
          return audit_verify(load_for_looking(flags), flags.json ? Output::kJson : Output::kText);
        });
    add_place(verify);
    verify->add_flag("--json", flags_.json, "As JSON");
    add_place(command(*audit, "export", "Prints every event, one JSON object a line",
                      [](const Flags& flags) { return audit_export(load_for_looking(flags)); }));
  }

  void add_people() {
    CLI::App* person = group("person", "Accounts");
    CLI::App* add = command(*person, "add", "Adds a person and prints a one-use sign-in link", [](const Flags& flags) {
      return person_add(load_for_looking(flags), {flags.login, flags.name, role_of(flags.role)});
    });
    add_place(add);
    add->add_option("LOGIN", flags_.login, "Name to sign in with")->required();
    add->add_option("--name", flags_.name, "Name to show");
    add->add_option("--role", flags_.role, "member, approver or admin");
    add->add_option("--listen", flags_.listen, "As the broker will have it: the link names it");
    CLI::App* reset = command(*person, "reset", "Prints a new one-use sign-in link for somebody",
                              [](const Flags& flags) { return person_reset(load_for_looking(flags), flags.login); });
    add_place(reset);
    reset->add_option("LOGIN", flags_.login, "Name to sign in with")->required();
    reset->add_option("--listen", flags_.listen, "As the broker will have it: the link names it");
    CLI::App* recover = command(
        *person, "recover",
        "For an account that is lost or in the wrong hands: ends every session, removes the password, voids earlier "
        "links, enables it, and prints a new one-use link",
        [](const Flags& flags) { return person_recover(load_for_looking(flags), flags.login); });
    add_place(recover);
    recover->add_option("LOGIN", flags_.login, "Name to sign in with")->required();
    recover->add_option("--listen", flags_.listen, "As the broker will have it: the link names it");
  }

  void add_agents() {
    CLI::App* agent = group("agent", "Agents and their tokens");
    CLI::App* add = command(*agent, "add", "Adds an agent and prints its token, once", [](const Flags& flags) {
      return agent_add(load_for_looking(flags), {flags.name, flags.owner, flags.days, flags.scopes});
    });
    add_place(add);
    add->add_option("NAME", flags_.name, "What people see as the asker")->required();
    add->add_option("--owner", flags_.owner, "Login of the person it acts for; without: the workspace's own");
    add->add_option("--days", flags_.days, "Ends after so many days; without: when it is revoked")
        ->check(CLI::Range(1, 3650));
    add->add_option("--scopes", flags_.scopes,
                    "What it may ask for: read, connect, change, use; default: read connect use");
    CLI::App* list = command(*agent, "list", "The agents and their state", [](const Flags& flags) {
      return agent_list(load_for_looking(flags), flags.json ? Output::kJson : Output::kText);
    });
    add_place(list);
    list->add_flag("--json", flags_.json, "As JSON");
    CLI::App* revoke = command(*agent, "revoke", "Ends a token and cancels what it has pending",
                               [](const Flags& flags) { return agent_revoke(load_for_looking(flags), flags.login); });
    add_place(revoke);
    revoke->add_option("ID", flags_.login, "As `agent list` shows it")->required();
  }

  void add_config() {
    CLI::App* config = group("config", "The configuration");
    add_place(command(*config, "check", "Reads the configuration and says what is wrong with it", config_check));
    add_place(command(*config, "show", "Prints every setting as it would be used",
                      [](const Flags& flags) { return config_show(load_config(flags)); }));
    command(*config, "explain", "What a setting means; all of them without a name", [](const Flags& flags) {
      return config_explain(flags.key);
    })->add_option("KEY", flags_.key, "e.g. server.listen");
  }

  void add_integrations() {
    CLI::App* integration = group("integration", "The services that can be connected");
    CLI::App* list = command(
        *integration, "list", "The integrations, those of your own folder too",
        [](const Flags& f) { return integration_list(load_config(f), f.json ? Output::kJson : Output::kText); });
    CLI::App* add = command(*integration, "add", "Checks an integration file and copies it into integrations.folder",
                            [](const Flags& flags) {
                              return integration_add(load_config(flags), flags.path,
                                                     flags.replace ? Existing::kReplace : Existing::kRefuse);
                            });
    add->add_option("FILE", flags_.path, "Named after its slug: acme.json")->required();
    add->add_flag("--replace", flags_.replace, "Also over a file of that name");
    CLI::App* test =
        command(*integration, "test", "What an integration comes to, without connecting anything", [](const Flags& f) {
          return integration_test(load_config(f), f.name, f.online ? Ask::kProvider : Ask::kNobody,
                                  f.json ? Output::kJson : Output::kText);
        });
    test->add_option("SLUG", flags_.name, "As `integration list` shows it")->required();
    test->add_flag("--online", flags_.online, "Asks the provider for its metadata and compares it with the file");
    for (CLI::App* one : {list, add, test}) add_place(one);
    for (CLI::App* one : {list, test}) one->add_flag("--json", flags_.json, "As JSON");
  }

  void add_client() {
    CLI::App* client = group("client", "Connects the programs that agents run in");
    CLI::App* connect = command(*client, "connect", "Fetches the grant that you have just allowed in your browser",
                                [](const Flags& flags) { return client_connect(flags.login, client_options(flags)); });
    connect->add_option("CODE", flags_.login, "As the page shows it")->required();
    connect->add_option("--client", flags_.client, "Writes it into the file of claude, vscode, cursor or codex");
    connect->add_option("--token-file", flags_.token_file, "Writes the token there (0600) instead of printing it");
    CLI::App* install = command(*client, "install", "Adds this broker to the configuration of an agent's program",
                                [](const Flags& flags) { return client_install(client_options(flags)); });
    install->add_option("CLIENT", flags_.client, "claude, vscode, cursor or codex")->required();
    install->add_option("--token-file", flags_.token_file,
                        "Where the agent's token is (- for standard input); default: the one `dev` keeps");
    for (CLI::App* one : {connect, install}) {
      one->add_option("--url", flags_.url, "Where the broker is; default: http://127.0.0.1:7117");
      one->add_option("--file", flags_.client_file, "Instead of the program's usual file");
      one->add_option("--name", flags_.name, "What the server is called there; default: countersign");
    }
  }

  CLI::App app_{"Countersign: hands agents' requests to people and keeps the secrets", "countersign"};
  Flags flags_;
  Action action_;
};

}  // namespace

int run_command_line(int argc, char** argv) {
  try {
    block_signals();
    raise_descriptor_limit();
    crypto::harden_process();
    crypto::initialise();
    return CommandLine().run(argc, argv);
  } catch (const Error& error) {
    complain("countersign: " + error.message() + "\n");
    if (!error.detail().empty()) complain("  (" + error.detail() + ")\n");
    return static_cast<int>(exit_code_of(error));
  } catch (const std::exception& error) {
    complain(std::string("countersign: ") + error.what() + "\n");
    return static_cast<int>(ExitCode::kFailed);
  }
}

}  // namespace countersign::app
