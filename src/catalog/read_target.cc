#include "catalog/read_target.h"

#include <algorithm>
#include <charconv>

#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::BaseUrlRule;
using domain::Field;
using domain::Integration;
using domain::TextPart;

constexpr std::size_t kMostTargets = 16;
constexpr std::size_t kLongestHostLabel = 63;
// kTokenAnswer is not said here: a template's `oauth.base_url` says it.
constexpr domain::Names<BaseUrlRule, 2> kBaseUrlRuleNames{{"fixed", "person_enters"}};

// The text before the first `end`, which is taken away with it.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = std::min(text.find(end), text.size());
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return head;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_field(std::string_view label) {
  const auto parts = domain::split_text(label);
  return parts && parts->size() == 1 && parts->front().kind == TextPart::Kind::kField;
}

bool is_host(std::string_view host) {
  std::size_t fixed_at_end = 0;
  bool has_field = false;
  while (!host.empty()) {
    const bool last = host.find('.') == std::string_view::npos;
    const std::string_view label = take_until(host, '.');
    const bool field = is_field(label);
    if ((!field && !domain::is_host_label(label)) || (!last && host.empty())) return false;
    has_field = has_field || field;
    fixed_at_end = field ? 0 : fixed_at_end + 1;
  }
  return fixed_at_end >= (has_field ? 2 : 1);
}

bool is_path(std::string_view path) {
  constexpr std::string_view kAlso = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/@";
  return is_lower(path, kAlso) && path.find("//") == std::string_view::npos &&
         path.find("/.") == std::string_view::npos;
}

bool is_query(std::string_view query) { return is_lower(query, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/!$&'()*+,;=:@?%"); }

// What stands behind "https://", or behind "http://" where that may be.
std::string_view after_scheme(std::string_view url, Targets targets) {
  if (url.starts_with("https://")) return url.substr(8);
  const bool loopback = url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:");
  return loopback && targets == Targets::kHttpsAndLoopback ? url.substr(7) : "";
}

// Scheme, host, port and path.
bool is_plain_url(std::string_view url, Targets targets) {
  const std::string_view rest = after_scheme(url, targets);
  const std::string_view path = rest.substr(std::min(rest.find('/'), rest.size()));
  std::string_view authority = rest.substr(0, rest.size() - path.size());
  const bool has_port = authority.find(':') != std::string_view::npos;
  const std::string_view host = take_until(authority, ':');
  return is_host(host) && (!has_port || is_port(authority)) && is_path(path);
}

// A path is put behind it as it stands, so it ends without '/'.
bool is_base_url(std::string_view url, Targets targets) { return is_plain_url(url, targets) && !url.ends_with('/'); }

std::string what_a_base_url_is(Targets targets) {
  return "must be https:// with a lower-case host, where a whole label may be a {field} but not one of the last two, "
         "and perhaps a port and a path without a slash at its end" +
         std::string(targets == Targets::kHttpsAndLoopback
                         ? "; in development also http://127.0.0.1:PORT or http://localhost:PORT"
                         : "");
}

Field& host_field(const JsonObject& from, std::size_t url, std::string_view name, domain::AuthTemplate& form) {
  for (Field& field : form.fields) {
    if (field.name == name && field.sensitivity == domain::Sensitivity::kPlain) return field;
  }
  throw from.error("base_urls", url,
                   "{" + std::string(name) + "} must be a plain field of the template \"" + form.slug + "\"");
}

// Whether calls can be made by the template without base_urls.
bool is_told_where(const domain::AuthTemplate& form) {
  return form.kind == domain::TemplateKind::kWebhook || (form.oauth && !form.oauth->base_url.from.empty());
}

}  // namespace

bool is_server_url(std::string_view url, Targets targets, Query query) {
  const auto mark = std::min(url.find('?'), url.size());
  if (mark == url.size()) return is_plain_url(url, targets);
  return query == Query::kAllowed && is_plain_url(url.substr(0, mark), targets) && is_query(url.substr(mark + 1));
}

bool is_host_suffix(std::string_view text) {
  if (text.starts_with('.')) text.remove_prefix(1);
  return text.find_first_of("{}") == std::string_view::npos && text.find('.') != std::string_view::npos &&
         is_host(text);
}

void narrow_to_host_label(Field& field) {
  if (field.characters.empty()) field.characters = "a-z0-9-";
  field.min_length = std::max<std::size_t>(field.min_length, 1);
  field.max_length = std::min(field.max_length, kLongestHostLabel);
}

void read_targets(const JsonObject& from, Targets targets, Integration& integration) {
  if (const std::string word = from.optional_text("base_url", kSlugLimit); !word.empty()) {
    integration.base_url_rule = one_of(from, "base_url", kBaseUrlRuleNames, word);
  }
  integration.base_urls = from.texts("base_urls", kUrlLimit);
  const auto& urls = integration.base_urls;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (!is_base_url(urls[i], targets)) throw from.error("base_urls", i, what_a_base_url_is(targets));
  }
  if (urls.size() > kMostTargets) throw from.error("base_urls", "has more than 16 targets");
}

void settle_targets(const JsonObject& from, Integration& integration) {
  const auto& forms = integration.templates;
  const bool told = std::any_of(forms.begin(), forms.end(), [](const domain::AuthTemplate& form) {
    return form.oauth && !form.oauth->base_url.from.empty();
  });
  const bool none = integration.base_urls.empty();
  if (integration.base_url_rule == BaseUrlRule::kPersonEnters) {
    if (told) throw from.error("base_url", "must not be \"person_enters\" where a token answer names the address");
    if (!none) throw from.error("base_urls", "must be left out when the person enters it");
    return;
  }
  if (told) integration.base_url_rule = BaseUrlRule::kTokenAnswer;
  if (none && !std::all_of(forms.begin(), forms.end(), is_told_where)) {
    throw from.error("base_urls", "must name at least one target");
  }
}

void bind_host_fields(const JsonObject& from, Integration& integration) {
  for (std::size_t i = 0; i < integration.base_urls.size(); ++i) {
    const auto parts = domain::split_text(integration.base_urls[i]);
    for (const TextPart& part : *parts) {
      if (part.kind != TextPart::Kind::kField) continue;
      for (domain::AuthTemplate& form : integration.templates) {
        if (form.kind == domain::TemplateKind::kWebhook) continue;
        narrow_to_host_label(host_field(from, i, part.text, form));
      }
    }
  }
}

}  // namespace countersign::catalog
