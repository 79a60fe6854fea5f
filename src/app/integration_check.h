// What an integration's templates come to, without connecting anything: the endpoints and waivers of OAuth, the
// address a person would be sent to, and, when asked for, what the provider's own metadata says about all that.
// For `countersign integration test`. No state; with a Discovery it blocks on the network.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "domain/integration.h"
#include "oauth/discovery.h"

namespace countersign::app {

// The file and the provider's metadata do not say the same of `what`.
struct Difference {
  enum class Kind {
    kWrong,   // the file says something that does not hold
    kUnused,  // the provider offers something that the file does not mention
  };
  Kind kind = Kind::kWrong;
  std::string what;  // "token_endpoint"
  std::string file;
  std::string provider;
  friend bool operator==(const Difference&, const Difference&) = default;
};

struct TemplateCheck {
  std::string slug;
  std::string kind;
  std::string label;
  std::vector<std::pair<std::string, std::string>> facts;  // in the order to print; the names are the file's keys
  std::string authorization_url;                           // with made-up values; empty: nothing to go to, or not known
  std::string asked;                                       // whose metadata was compared; empty: nobody's
  std::string not_asked;                                   // why nobody could be asked; that is no fault
  std::string problem;                                     // what went wrong when somebody was asked
  std::vector<Difference> differences;
};

// A dry look at one template. `redirect_uri` is what the provider would be told.
TemplateCheck check_template(const domain::AuthTemplate& form, const std::string& redirect_uri);
// And what the provider says; for a template that is not oauth2 nothing is asked.
TemplateCheck check_template_online(const domain::AuthTemplate& form, const std::string& redirect_uri,
                                    const oauth::Discovery& discovery);

std::vector<Difference> differences(const domain::OAuthSpec& spec, const domain::OAuthServer& provider);

// Whether nothing is wrong, as far as anybody was asked.
bool is_good(const TemplateCheck& check);

Json json_of(const TemplateCheck& check);
std::string text_of(const TemplateCheck& check);

}  // namespace countersign::app
