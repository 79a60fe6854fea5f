#include "app/client_commands.h"

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/data_dir.h"
#include "app/ready_file.h"
#include "app/terminal.h"
#include "base/error.h"
#include "base/json.h"
#include "base/one_line.h"
#include "base/wipe.h"
#include "http/client.h"

namespace countersign::app {
namespace {

std::filesystem::path home() {
  const char* path = std::getenv("HOME");
  if (path == nullptr || *path == '\0') {
    throw Error(ErrorCode::kInvalidArgument, "bad_config", "HOME is not set: say which file to write with --file.");
  }
  return path;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Error refused(int status, const Json& problem) {
  const std::string words = problem.is_object() ? problem.value("detail", "") : "";
  return Error(ErrorCode::kPermissionDenied, "connect_refused",
               words.empty() ? "The broker refused (HTTP " + std::to_string(status) + ")." : words);
}

struct Grant {
  std::string mcp_url;
  std::string name;
  Secret token;
};

Json body_of(const http::ClientResponse& response) {
  try {
    return parse_json(view(response.body));
  } catch (const Error&) {
    return {};  // not from a broker; the caller says so
  }
}

Grant fetch_grant(const std::string& url, const std::string& code) {
  http::CurlClientOptions options;
  options.allow_loopback_http = true;
  options.allowed = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};  // a team's broker, by https
  http::CurlClient client(std::move(options));
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.url = url + "/v1/auth-sessions/connect";
  request.headers.push_back({"Content-Type", "application/json", Secret()});
  append(request.body, dump_json(Json{{"code", code}}));
  const http::ClientResponse response = client.send(std::move(request));
  Json body = body_of(response);
  if (response.status != 200) throw refused(response.status, body);
  if (!body.is_object() || !body.value("token", Json()).is_string()) {
    throw Error(ErrorCode::kUpstream, "not_a_broker", "What answers at " + url + " is no Countersign broker.");
  }
  auto& token = body["token"].get_ref<std::string&>();
  Grant grant{body.value("mcpUrl", url + "/mcp"), body.value("name", ""), Secret(std::move(token))};
  base::wipe(token.data(), token.size());
  return grant;
}

// Asked for before a code is used up: a file that cannot be written must not cost the grant.
void require_writable(const ClientOptions& options) {
  if (!options.client) return;
  const auto file = options.file.empty() ? client_file(*options.client, home()) : options.file;
  check_client_file(*options.client, file);
}

void install(const ClientOptions& options, const ClientEntry& entry) {
  const auto file = options.file.empty() ? client_file(*options.client, home()) : options.file;
  const std::string next = install_client(*options.client, file, entry);
  complain("Wrote " + file.string() + ". " + next + "\n");
}

bool keeps_token_itself(ClientKind kind) { return kind == ClientKind::kClaude || kind == ClientKind::kCursor; }

Secret token_for_install(const ClientOptions& options) {
  if (options.token_file == "-") {
    std::string line;
    std::getline(std::cin, line);
    return Secret(std::move(line));
  }
  return read_token_file(options.token_file.empty() ? dev_token_path(user_data_dir()) : options.token_file);
}

}  // namespace

ExitCode client_connect(const std::string& code, const ClientOptions& options) {
  require_writable(options);
  Grant grant = fetch_grant(without_slash(options.url), code);
  complain("Connected as the agent \"" + one_line(grant.name, 100) + "\". MCP URL: " + one_line(grant.mcp_url, 2048) +
           "\n");
  if (!options.token_file.empty()) {
    write_token_file(options.token_file, grant.token);
    complain("The token is in " + options.token_file.string() + ".\n");
  }
  // Where neither a file nor a program takes it, it is shown, once.
  const bool kept = !options.token_file.empty() || (options.client && keeps_token_itself(*options.client));
  if (!kept) print_agent_token(grant.token);
  if (options.client) install(options, {options.name, grant.mcp_url, std::move(grant.token)});
  return ExitCode::kOk;
}

ExitCode client_install(const ClientOptions& options) {
  Secret token;
  if (keeps_token_itself(*options.client)) {
    token = token_for_install(options);
    if (token.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "bad_config",
                  "There is no token to write. Give one with --token-file (\"-\" reads standard input), or let the "
                  "agent ask for one: create_auth_session, then `countersign client connect CODE`.");
    }
  }
  install(options, {options.name, without_slash(options.url) + "/mcp", std::move(token)});
  return ExitCode::kOk;
}

}  // namespace countersign::app
