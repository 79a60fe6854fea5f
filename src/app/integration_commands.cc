#include "app/integration_commands.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/integration_check.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "http/client.h"

namespace countersign::app {
namespace {

catalog::Mode mode_of(const Config& config) {
  return config.data_dir.empty() ? catalog::Mode::kDev : catalog::Mode::kServe;
}

catalog::Catalog open_catalog(const Config& config) {
  return {embedded::integrations(), mode_of(config), config.integrations_folder};
}

// Each client has a callback of its own; here none has been made.
std::string redirect_uri(const Config& config) {
  const std::string base = config.public_url.empty()
                               ? "http://" + config.listen.host + ":" + std::to_string(config.listen.port)
                               : config.public_url;
  return base + "/oauth/callback/CLIENT";
}

http::CurlClientOptions client_options(const Config& config) {
  http::CurlClientOptions options;
  options.allow_loopback_http = mode_of(config) == catalog::Mode::kDev;
  options.allowed = config.outbound_allowed;
  options.proxy = config.outbound_proxy;
  return options;
}

std::vector<TemplateCheck> checks_of(const Config& config, const domain::Integration& integration, Ask ask) {
  std::vector<TemplateCheck> checks;
  const std::string callback = redirect_uri(config);
  if (ask == Ask::kNobody) {
    for (const auto& form : integration.templates) checks.push_back(check_template(form, callback));
    return checks;
  }
  const SystemClock clock;
  http::CurlClient client(client_options(config));
  const oauth::Discovery discovery(client, clock);
  for (const auto& form : integration.templates) {
    checks.push_back(check_template_online(form, callback, discovery));
  }
  return checks;
}

std::string kinds_of(const domain::Integration& integration) {
  std::string kinds;
  for (const auto& form : integration.templates) {
    (kinds += kinds.empty() ? "" : ", ") += form.slug + " (" + std::string(domain::kTemplateKindNames[form.kind]) + ")";
  }
  return kinds;
}

Json row_of(const domain::Integration& integration) {
  Json templates = Json::array();
  for (const auto& form : integration.templates) {
    templates.push_back({{"slug", form.slug}, {"kind", domain::kTemplateKindNames[form.kind]}, {"label", form.label}});
  }
  return {{"slug", integration.slug}, {"name", integration.name}, {"templates", std::move(templates)}};
}

}  // namespace

ExitCode integration_list(const Config& config, Output output) {
  Json list = Json::array();
  std::string text;
  for (const auto& integration : open_catalog(config).list()) {
    list.push_back(row_of(*integration));
    text += integration->slug + "  " + integration->name + "  " + kinds_of(*integration) + "\n";
  }
  print(output == Output::kJson ? dump_json(Json{{"integrations", std::move(list)}}) + "\n" : text);
  return ExitCode::kOk;
}

ExitCode integration_add(const Config& config, const std::filesystem::path& file, Existing existing) {
  if (config.integrations_folder.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "bad_config",
                "integrations.folder is not set: say in the configuration where your own integration files are.");
  }
  const bool dev = mode_of(config) == catalog::Mode::kDev;
  const auto targets = dev ? catalog::Targets::kHttpsAndLoopback : catalog::Targets::kHttps;
  const AddedIntegration added = add_integration(config.integrations_folder, file, targets, existing);
  print("Added " + added.slug + ": " + added.path.string() +
        (added.replaced_file ? ", in place of the file that was there.\n" : ".\n") +
        "A running broker takes it in within a second; `countersign integration test " + added.slug +
        "` shows what it says.\n");
  return ExitCode::kOk;
}

ExitCode integration_test(const Config& config, const std::string& slug, Ask ask, Output output) {
  const auto integration = open_catalog(config).get(slug);
  const auto checks = checks_of(config, *integration, ask);
  Json list = Json::array();
  std::string text = integration->slug + "  " + integration->name + "\n";
  for (const TemplateCheck& check : checks) {
    list.push_back(json_of(check));
    text += text_of(check);
  }
  const bool good = std::all_of(checks.begin(), checks.end(), is_good);
  print(output == Output::kJson
            ? dump_json(Json{{"slug", slug}, {"name", integration->name}, {"ok", good}, {"templates", list}}) + "\n"
            : text);
  return good ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace countersign::app
