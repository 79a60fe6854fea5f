// Everything an operator can set, read once at start. One table (config.cc) names each key, what it means
// and how its text is read: the file, the environment, `config explain` and the example all follow it.
//
// Order: command line, then COUNTERSIGN__SECTION__KEY, then the file, then the default. An unknown key, in
// the file or the environment, is an error that says where it stands and what was probably meant.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/log.h"
#include "base/log.h"
#include "handoff/login.h"

namespace countersign::app {

struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};
// "127.0.0.1:7117", "[::1]:0". Throws kInvalidArgument `bad_config`.
ListenAddress parse_listen_address(std::string_view text);
bool is_loopback(const ListenAddress& address);

struct Config {
  ListenAddress listen{"127.0.0.1", 7117};
  ListenAddress ops_listen{"127.0.0.1", 7118};
  std::string public_url;  // empty: http and the listener's own address, loopback only
  std::vector<std::string> trusted_proxies;
  bool allow_plain_http = false;  // a non-loopback listener without a proxy: said aloud by the operator
  std::size_t workers = 64;
  std::size_t queue_limit = 4096;

  std::filesystem::path data_dir;
  std::filesystem::path master_key_file;  // empty: the systemd credential
  std::string master_key_credential = "countersign-master-key";

  std::chrono::minutes session_idle{120};
  std::chrono::minutes session_absolute{720};

  int grant_writes = 30;  // a minute and grant
  int grant_executes = 10;
  std::chrono::hours longest_grant{24 * 90};  // that a person may allow an agent that asks to sign in
  handoff::ReturnCode return_code = handoff::ReturnCode::kRemote;

  std::filesystem::path integrations_folder;  // empty: only those in the binary

  std::string env_prefix;                // empty: no variable is a provider item
  std::filesystem::path file_directory;  // empty: no file is
  std::string vault_address;             // empty: no Vault
  std::string vault_mount = "secret";
  std::string vault_prefix;
  std::filesystem::path vault_token_file;

  bool oauth_client_document = true;  // providers can fetch it from our public URL

  std::vector<std::string> outbound_allowed;  // private places that may be called
  std::string outbound_proxy;

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kAuto;
};

// One row of the table.
struct ConfigKey {
  std::string_view name;     // "server.listen"
  std::string_view meaning;  // one sentence
  std::function<void(Config&, std::string_view text)> read;
  std::function<std::string(const Config&)> show;
};
std::span<const ConfigKey> config_keys();

// Where a value came from, for messages.
struct ConfigPlace {
  std::string file;  // or the name of an environment variable
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};
// Throws kInvalidArgument `bad_config` with the place, and for an unknown key what was probably meant.
void apply(Config& config, std::string_view name, std::string_view value, const ConfigPlace& place);

// config_file.cc, the only place that knows TOML.
void apply_file(Config& config, const std::filesystem::path& path);
void apply_environment(Config& config, const char* const* environment);
// What cannot be judged key by key, e.g. a public listener without a proxy. Throws `bad_config`.
void check_whole(const Config& config);

}  // namespace countersign::app
