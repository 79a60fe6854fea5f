#include "app/config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/closest.h"
#include "base/error.h"

namespace countersign::app {
namespace {

Error bad(std::string message) { return Error(ErrorCode::kInvalidArgument, "bad_config", std::move(message)); }

template <class Number>
Number read_number(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    throw bad("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

bool read_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw bad("must be true or false");
}

template <class Value, std::size_t N>
Value read_word(std::string_view text, const std::array<std::pair<std::string_view, Value>, N>& words) {
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  throw bad("must be one of: " + known);
}

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{{{"debug", LogLevel::kDebug},
                                                                        {"info", LogLevel::kInfo},
                                                                        {"warning", LogLevel::kWarning},
                                                                        {"error", LogLevel::kError}}};
constexpr std::array<std::pair<std::string_view, handoff::ReturnCode>, 3> kReturnCodes{
    {{"remote", handoff::ReturnCode::kRemote},
     {"always", handoff::ReturnCode::kAlways},
     {"never", handoff::ReturnCode::kNever}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 3> kFormats{
    {{"auto", LogFormat::kAuto}, {"json", LogFormat::kJson}, {"text", LogFormat::kText}}};

template <class Value, std::size_t N>
std::string word_of(Value wanted, const std::array<std::pair<std::string_view, Value>, N>& words) {
  for (const auto& [word, value] : words) {
    if (value == wanted) return std::string(word);
  }
  return {};
}

std::string show(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::vector<std::string> read_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

std::string show_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

// scheme://host[:port] and nothing behind it: links and the Origin check are built on it.
std::string read_public_url(std::string_view text) {
  const bool http = text.starts_with("http://");
  const std::string_view rest = text.substr(http ? 7 : std::min<std::size_t>(8, text.size()));
  if ((!http && !text.starts_with("https://")) || rest.empty() ||
      rest.find_first_of("/?#@ \\") != std::string_view::npos) {
    throw bad("must be https://host or https://host:port, without a path");
  }
  return std::string(text);
}

}  // namespace

ListenAddress parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) throw bad("must be an address and a port, e.g. 127.0.0.1:7117");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = read_number<std::uint32_t>(text.substr(colon + 1), 0, 65535);
  return {std::string(host), static_cast<std::uint16_t>(port)};
}

bool is_loopback(const ListenAddress& address) {
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

std::span<const ConfigKey> config_keys() {
  using View = std::string_view;
  static const std::vector<ConfigKey> keys = {
      {"server.listen", "Address and port of pages, API and MCP.",
       [](Config& c, View v) { c.listen = parse_listen_address(v); }, [](const Config& c) { return show(c.listen); }},
      {"server.public_url",
       "How people and agents reach it, e.g. https://broker.example.com; never taken from a request.",
       [](Config& c, View v) { c.public_url = read_public_url(v); }, [](const Config& c) { return c.public_url; }},
      {"server.trusted_proxies", "Addresses whose X-Forwarded-For is believed, separated by commas.",
       [](Config& c, View v) { c.trusted_proxies = read_list(v); },
       [](const Config& c) { return show_list(c.trusted_proxies); }},
      {"server.allow_plain_http",
       "Allows a listener that is not loopback without a trusted proxy. Credentials then cross the network in clear.",
       [](Config& c, View v) { c.allow_plain_http = read_flag(v); },
       [](const Config& c) { return std::string(c.allow_plain_http ? "true" : "false"); }},
      {"server.workers", "Threads that run requests.",
       [](Config& c, View v) { c.workers = read_number<std::size_t>(v, 1, 1024); },
       [](const Config& c) { return std::to_string(c.workers); }},
      {"server.queue_limit", "Requests that may wait for a thread; beyond it the answer is 503.",
       [](Config& c, View v) { c.queue_limit = read_number<std::size_t>(v, 1, 1'000'000); },
       [](const Config& c) { return std::to_string(c.queue_limit); }},
      {"ops.listen", "Address and port of /livez, /readyz and /metrics.",
       [](Config& c, View v) { c.ops_listen = parse_listen_address(v); },
       [](const Config& c) { return show(c.ops_listen); }},
      {"storage.data_dir", "Folder of the database and the audit checkpoints.",
       [](Config& c, View v) { c.data_dir = v; }, [](const Config& c) { return c.data_dir.string(); }},
      {"keys.master_key_file", "The master key: a file of mode 0600, best on another disk than the data.",
       [](Config& c, View v) { c.master_key_file = v; }, [](const Config& c) { return c.master_key_file.string(); }},
      {"keys.master_key_credential", "Name of the systemd credential that holds the master key, when no file is set.",
       [](Config& c, View v) { c.master_key_credential = v; }, [](const Config& c) { return c.master_key_credential; }},
      {"sessions.idle_minutes", "A browser session ends after so long without use.",
       [](Config& c, View v) { c.session_idle = std::chrono::minutes(read_number(v, 1, 1440)); },
       [](const Config& c) { return std::to_string(c.session_idle.count()); }},
      {"sessions.absolute_minutes", "A browser session ends after so long in any case.",
       [](Config& c, View v) { c.session_absolute = std::chrono::minutes(read_number(v, 1, 43'200)); },
       [](const Config& c) { return std::to_string(c.session_absolute.count()); }},
      {"limits.grant_writes_per_minute", "Changes one agent's grant may ask for in a minute.",
       [](Config& c, View v) { c.grant_writes = read_number(v, 1, 1'000'000'000); },
       [](const Config& c) { return std::to_string(c.grant_writes); }},
      {"limits.grant_executes_per_minute",
       "Sign-ins at providers and other executions one grant may ask for in a minute.",
       [](Config& c, View v) { c.grant_executes = read_number(v, 1, 1'000'000'000); },
       [](const Config& c) { return std::to_string(c.grant_executes); }},
      {"agents.longest_grant_days", "The longest life of a grant that an agent gets by asking to sign in.",
       [](Config& c, View v) { c.longest_grant = std::chrono::hours(24 * read_number(v, 1, 366)); },
       [](const Config& c) { return std::to_string(c.longest_grant.count() / 24); }},
      {"agents.return_code",
       "When a person who allows an agent must carry a code back to it: remote (asked from another machine), always "
       "or never.",
       [](Config& c, View v) { c.return_code = read_word(v, kReturnCodes); },
       [](const Config& c) { return word_of(c.return_code, kReturnCodes); }},
      {"integrations.folder", "Integrations of your own (*.json); read again when a file changes.",
       [](Config& c, View v) { c.integrations_folder = v; },
       [](const Config& c) { return c.integrations_folder.string(); }},
      {"providers.env_prefix", "Environment variables whose name begins so may be bound to connections by an admin.",
       [](Config& c, View v) { c.env_prefix = v; }, [](const Config& c) { return c.env_prefix; }},
      {"providers.file_directory", "Files below this folder may be bound to connections by an admin.",
       [](Config& c, View v) { c.file_directory = v; }, [](const Config& c) { return c.file_directory.string(); }},
      {"providers.vault_address", "Vault or OpenBao, e.g. https://vault.example.com:8200 (KV version 2).",
       [](Config& c, View v) { c.vault_address = v; }, [](const Config& c) { return c.vault_address; }},
      {"providers.vault_mount", "Where its KV engine is mounted.", [](Config& c, View v) { c.vault_mount = v; },
       [](const Config& c) { return c.vault_mount; }},
      {"providers.vault_prefix", "Only secrets below this path are seen, e.g. agents/.",
       [](Config& c, View v) { c.vault_prefix = v; }, [](const Config& c) { return c.vault_prefix; }},
      {"providers.vault_token_file", "The token for it: a file of mode 0600, read on every use.",
       [](Config& c, View v) { c.vault_token_file = v; }, [](const Config& c) { return c.vault_token_file.string(); }},
      {"oauth.client_document",
       "Whether providers can reach the public URL and so fetch our Client ID Metadata Document: true or false.",
       [](Config& c, View v) { c.oauth_client_document = read_flag(v); },
       [](const Config& c) { return std::string(c.oauth_client_document ? "true" : "false"); }},
      {"outbound.allowed", "Private addresses, networks or host names that may be called, separated by commas.",
       [](Config& c, View v) { c.outbound_allowed = read_list(v); },
       [](const Config& c) { return show_list(c.outbound_allowed); }},
      {"outbound.proxy", "Proxy for all calls to providers, e.g. http://proxy.example.com:3128.",
       [](Config& c, View v) { c.outbound_proxy = v; }, [](const Config& c) { return c.outbound_proxy; }},
      {"log.level", "debug, info, warning or error.", [](Config& c, View v) { c.log_level = read_word(v, kLevels); },
       [](const Config& c) { return word_of(c.log_level, kLevels); }},
      {"log.format", "auto (text on a terminal, JSON elsewhere), json or text.",
       [](Config& c, View v) { c.log_format = read_word(v, kFormats); },
       [](const Config& c) { return word_of(c.log_format, kFormats); }},
  };
  return keys;
}

void apply(Config& config, std::string_view name, std::string_view value, const ConfigPlace& place) {
  std::string where = place.file;
  if (place.line != 0) where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  std::vector<std::string_view> known;
  for (const ConfigKey& key : config_keys()) {
    known.push_back(key.name);
    if (key.name != name) continue;
    try {
      key.read(config, value);
    } catch (const Error& error) {
      throw bad(where + ": " + std::string(name) + " " + error.message());
    }
    return;
  }
  throw bad(where + ": unknown key " + std::string(name) + did_you_mean(name, known));
}

void apply_environment(Config& config, const char* const* environment) {
  constexpr std::string_view kPrefix = "COUNTERSIGN__";
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const auto equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    std::string name(entry.substr(kPrefix.size(), equals - kPrefix.size()));
    if (const auto dots = name.find("__"); dots != std::string::npos) name.replace(dots, 2, ".");
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    apply(config, name, entry.substr(equals + 1), {std::string(entry.substr(0, equals)), 0, 0});
  }
}

void check_whole(const Config& config) {
  if (!is_loopback(config.listen) && config.trusted_proxies.empty() && !config.allow_plain_http) {
    throw bad("server.listen " + show(config.listen) +
              " is open to the network without TLS. Put a proxy in front and list it in server.trusted_proxies, or "
              "set server.allow_plain_http = true if you know what you are doing");
  }
  if (!is_loopback(config.listen) && config.public_url.empty()) {
    throw bad("server.public_url must be set when server.listen is not a loopback address");
  }
  const bool http_elsewhere =
      config.public_url.starts_with("http://") && !config.public_url.starts_with("http://127.") &&
      !config.public_url.starts_with("http://localhost") && !config.public_url.starts_with("http://[::1]");
  if (http_elsewhere && !config.allow_plain_http) {
    throw bad("server.public_url must begin with https:// unless it names this machine itself");
  }
  if (config.public_url.starts_with("https://") && config.trusted_proxies.empty()) {
    throw bad(
        "server.public_url is https, so a proxy ends TLS in front of the broker: list its address in "
        "server.trusted_proxies (127.0.0.1 for one on this machine), or all clients count as one");
  }
  if (!is_loopback(config.ops_listen) && !config.allow_plain_http) {
    throw bad("ops.listen must be a loopback address: it is not protected");
  }
}

}  // namespace countersign::app
