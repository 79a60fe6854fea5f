// A service one can connect to, and how its credential is obtained: the shape of config/integrations/*.json.
// Pure values; the catalog module loads and checks them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/oauth.h"
#include "domain/state_machine.h"
#include "domain/webhook.h"

namespace countersign::domain {

enum class TemplateKind { kApiKey, kBearer, kBasic, kCustom, kNone, kOAuth2, kWebhook };
inline constexpr Names<TemplateKind, 7> kTemplateKindNames{
    {"api_key", "bearer", "basic", "custom", "none", "oauth2", "webhook"}};

enum class Sensitivity { kSecret, kPlain };

// One thing the person types.
struct Field {
  std::string name;  // "token"
  std::string label;
  std::string hint;                   // where to find it, what it looks like
  std::string placeholder;            // an example that is no real key
  std::vector<std::string> prefixes;  // what a right one begins with; empty: anything
  std::string characters;             // what it is made of, as "A-Za-z0-9_-"; empty: anything printable
  Sensitivity sensitivity = Sensitivity::kSecret;
  std::size_t min_length = 1;
  std::size_t max_length = 4096;
  friend bool operator==(const Field&, const Field&) = default;
};

// Where the credential stands in a request. Every text may name fields of the template as `{field}`; what
// they hold is put in when a call is made and nowhere else (vault/placement.h).
struct PlacedHeader {
  std::string name;   // "Authorization", or one plain field as a whole: "{header}"
  std::string value;  // "Bearer {token}"; names one secret at most
  friend bool operator==(const PlacedHeader&, const PlacedHeader&) = default;
};
struct BasicPair {
  std::string user;      // "{account_sid}"; may be empty
  std::string password;  // "{auth_token}"; may be empty
  friend bool operator==(const BasicPair&, const BasicPair&) = default;
};
struct Placement {
  std::vector<PlacedHeader> headers;
  std::optional<BasicPair> basic;  // Authorization: Basic (RFC 7617)
  friend bool operator==(const Placement&, const Placement&) = default;
};

// A harmless read that tells whether a credential works, and whose it is. Always a GET.
struct LiveTest {
  std::string path;                  // below the base URL, with its query: "/v1/account"
  std::vector<std::string> account;  // JSON Pointers into the answer; the first that is text names the account
  friend bool operator==(const LiveTest&, const LiveTest&) = default;
};

struct AuthTemplate {
  std::string slug;  // unique in its integration
  TemplateKind kind = TemplateKind::kApiKey;
  std::string label;
  std::string help_url;       // the provider's own page on creating the credential
  std::vector<Field> fields;  // none for kNone
  Placement placement;
  std::optional<LiveTest> live_test;
  std::optional<OAuthSpec> oauth;      // of kOAuth2; `fields` are host labels, and the tokens it obtains:
                                       // "access_token" and "refresh_token", which nobody types
  std::optional<WebhookSpec> webhook;  // of kWebhook; its one secret is "signing_secret"

  // nullptr when there is none.
  const Field* find_field(std::string_view field_name) const;
  friend bool operator==(const AuthTemplate&, const AuthTemplate&) = default;
};

// Where the credential may be sent.
enum class BaseUrlRule {
  kFixed,         // the integration's own base_urls
  kPersonEnters,  // the person confirms it in the form; it is bound into the seal
  kTokenAnswer,   // the provider names it with the token (OAuthSpec::base_url); it is bound into the seal
};

struct Integration {
  std::string slug;
  std::string name;
  std::string description;
  std::string documentation_url;
  std::vector<std::string> categories;  // "payments"; for the search on the page
  // Where calls go. A label of the host may be a plain field of the template, as in
  // "https://{subdomain}.zendesk.com"; such a field holds one host label and nothing else.
  std::vector<std::string> base_urls;
  BaseUrlRule base_url_rule = BaseUrlRule::kFixed;
  std::vector<PlacedHeader> headers;  // sent with every call, the same for everybody: an API version
  bool only_in_dev = false;
  std::vector<AuthTemplate> templates;  // the first is the default

  // nullptr when there is none; an empty slug means the default.
  const AuthTemplate* find_template(std::string_view template_slug) const;
  friend bool operator==(const Integration&, const Integration&) = default;
};

// --- the small grammars that the catalog checks when it loads and the vault when it fills in ---

// A text with fields in it, in pieces: "Bearer {token}" is the literal "Bearer " and the field "token".
struct TextPart {
  enum class Kind { kLiteral, kField };
  Kind kind = Kind::kLiteral;
  std::string_view text;  // of a field its name; points into the text that was split
};
// Nothing when a brace stands alone or encloses no field name. There is no way to write a literal brace.
std::optional<std::vector<TextPart>> split_text(std::string_view text);

// One label of a host name, RFC 1123 section 2.1, in lower case: it can add no dot, port, path or user.
bool is_host_label(std::string_view text);

// The name of a header that may carry a credential or a version: a token (RFC 9110 section 5.6.2), and none
// that decides where a request goes or ends, how its body or its answer is read, or who a browser is.
bool is_placeable_header(std::string_view name);
// Header names are the same in any case.
bool same_header(std::string_view a, std::string_view b);

// "A-Za-z0-9_-": ranges within a-z, A-Z or 0-9, and single visible ASCII characters; '-' itself stands last.
bool is_character_set(std::string_view set);
// True when `text` has no character outside `set`; an empty set takes everything.
bool made_of(std::string_view set, std::string_view text);

}  // namespace countersign::domain
