// A service one can connect to, and how its credential is obtained: the shape of config/integrations/*.json.
// Pure values; the catalog module loads and checks them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/state_machine.h"

namespace countersign::domain {

enum class TemplateKind { kApiKey, kBearer, kBasic, kCustom };
inline constexpr Names<TemplateKind, 4> kTemplateKindNames{{"api_key", "bearer", "basic", "custom"}};

enum class Sensitivity { kSecret, kPlain };

// One thing the person types.
struct Field {
  std::string name;  // "token"
  std::string label;
  std::string hint;                   // where to find it, what it looks like
  std::string placeholder;            // an example that is no real key
  std::vector<std::string> prefixes;  // what a right one begins with; empty: anything
  Sensitivity sensitivity = Sensitivity::kSecret;
  std::size_t min_length = 1;
  std::size_t max_length = 4096;
};

struct AuthTemplate {
  std::string slug;  // unique in its integration
  TemplateKind kind = TemplateKind::kApiKey;
  std::string label;
  std::string help_url;  // the provider's own page on creating the credential
  std::vector<Field> fields;
};

// Where the credential may be sent.
enum class BaseUrlRule {
  kFixed,         // the integration's own base_urls
  kPersonEnters,  // the person confirms it in the form; it is bound into the seal
};

struct Integration {
  std::string slug;
  std::string name;
  std::string description;
  std::string documentation_url;
  std::vector<std::string> base_urls;
  BaseUrlRule base_url_rule = BaseUrlRule::kFixed;
  bool only_in_dev = false;
  std::vector<AuthTemplate> templates;  // the first is the default

  // nullptr when there is none; an empty slug means the default.
  const AuthTemplate* find_template(std::string_view template_slug) const;
};

}  // namespace countersign::domain
