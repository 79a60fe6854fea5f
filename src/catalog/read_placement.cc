#include "catalog/read_placement.h"

#include <algorithm>
#include <set>

#include "base/closest.h"
#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::AuthTemplate;
using domain::BasicPair;
using domain::Field;
using domain::PlacedHeader;
using domain::Placement;
using domain::Sensitivity;
using domain::TemplateKind;
using domain::TextPart;

constexpr std::size_t kMostHeaders = 8;
constexpr std::size_t kHeaderNameLimit = 64;
constexpr std::size_t kHeaderValueLimit = 200;
constexpr std::string_view kAuthorization = "authorization";

std::string in_braces(std::string_view name) { return "{" + std::string(name) + "}"; }

std::vector<TextPart> split(const JsonObject& from, std::string_view key, std::string_view text) {
  auto parts = domain::split_text(text);
  if (!parts) throw from.error(key, "has a brace that does not enclose the name of a field");
  return std::move(*parts);
}

const Field& field_named(const JsonObject& from, std::string_view key, std::string_view name,
                         const AuthTemplate& form) {
  if (const Field* field = form.find_field(name)) return *field;
  std::vector<std::string_view> known;
  for (const Field& field : form.fields) known.push_back(field.name);
  throw from.error(key, in_braces(name) + " is no field of this template" + did_you_mean(name, known));
}

// How many secrets the text names.
std::ptrdiff_t check_text(const JsonObject& from, std::string_view key, std::string_view text,
                          const AuthTemplate& form) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!plain || text.starts_with(' ') || text.ends_with(' ')) {
    throw from.error(key, "must be printable ASCII without a space at its ends");
  }
  const auto parts = split(from, key, text);
  return std::count_if(parts.begin(), parts.end(), [&](const TextPart& part) {
    return part.kind == TextPart::Kind::kField &&
           field_named(from, key, part.text, form).sensitivity == Sensitivity::kSecret;
  });
}

void check_literal_name(const JsonObject& from, std::string_view name) {
  if (!domain::is_placeable_header(name)) {
    throw from.error(name, "is no header name, or one that the broker itself or the caller sets");
  }
}

// A literal, or one plain field and nothing beside it.
void check_name(const JsonObject& from, std::string_view name, const AuthTemplate& form) {
  if (name.find_first_of("{}") == std::string_view::npos) return check_literal_name(from, name);
  const auto parts = split(from, name, name);
  if (parts.size() != 1) throw from.error(name, "must be one field alone when it names a field");
  if (field_named(from, name, parts.front().text, form).sensitivity == Sensitivity::kSecret) {
    throw from.error(name, "must name a plain field: the name of a header is no secret");
  }
}

void check_no_pair(const JsonObject& from, const std::vector<PlacedHeader>& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (domain::same_header(headers[i].name, headers[j].name)) throw from.error(headers[i].name, "stands here twice");
    }
  }
}

std::vector<PlacedHeader> read_pairs(const JsonObject& from) {
  std::vector<PlacedHeader> headers;
  for (const std::string& name : from.keys()) {
    if (name.size() > kHeaderNameLimit) throw from.error(name, "is longer than 64 characters");
    headers.push_back({name, from.text(name, kHeaderValueLimit)});
  }
  if (headers.size() > kMostHeaders) throw from.error("", "has more than 8 headers");
  check_no_pair(from, headers);
  return headers;
}

std::vector<PlacedHeader> read_headers(const JsonObject& from, const AuthTemplate& form) {
  std::vector<PlacedHeader> headers = read_pairs(from);
  for (const PlacedHeader& header : headers) {
    check_name(from, header.name, form);
    if (check_text(from, header.name, header.value, form) > 1) {
      throw from.error(header.name, "names two secrets: a header takes one");
    }
  }
  return headers;
}

BasicPair read_basic(const JsonObject& from, const AuthTemplate& form) {
  const BasicPair pair{from.optional_text("user", kHeaderValueLimit),
                       from.optional_text("password", kHeaderValueLimit)};
  check_text(from, "user", pair.user, form);
  check_text(from, "password", pair.password, form);
  // RFC 7617 section 2: the first colon ends the user name.
  if (pair.user.find(':') != std::string::npos) throw from.error("user", "must not hold a colon");
  if (pair.user.empty() && pair.password.empty()) throw from.error("", "must have \"user\", \"password\" or both");
  return pair;
}

// What the kind's name alone says.
Placement usual_placement(const JsonObject& from, const AuthTemplate& form) {
  if (form.kind == TemplateKind::kBearer) {
    return {{{"Authorization", "Bearer " + in_braces(form.fields.front().name)}}, std::nullopt};
  }
  if (form.kind == TemplateKind::kBasic && form.find_field("username") && form.find_field("password")) {
    return {{}, BasicPair{"{username}", "{password}"}};
  }
  if (form.kind == TemplateKind::kOAuth2) return {{{"Authorization", "Bearer {access_token}"}}, std::nullopt};
  throw from.error("placement", "is missing: it says where in a request the credential stands");
}

void collect_fields(std::string_view text, std::set<std::string_view>& names) {
  const auto parts = domain::split_text(text);  // a temporary would not live as long as the loop
  for (const TextPart& part : *parts) {
    if (part.kind == TextPart::Kind::kField) names.insert(part.text);
  }
}

void check_all_secrets_placed(const JsonObject& from, const AuthTemplate& form, const Placement& placement) {
  std::set<std::string_view> placed;
  for (const PlacedHeader& header : placement.headers) collect_fields(header.value, placed);
  if (placement.basic) {
    collect_fields(placement.basic->user, placed);
    collect_fields(placement.basic->password, placed);
  }
  for (const Field& field : form.fields) {
    if (field.sensitivity != Sensitivity::kSecret || placed.contains(field.name)) continue;
    throw from.error("placement", "does not say where the secret " + in_braces(field.name) + " stands");
  }
}

bool sets_authorization(const std::vector<PlacedHeader>& headers) {
  return std::any_of(headers.begin(), headers.end(),
                     [](const PlacedHeader& header) { return domain::same_header(header.name, kAuthorization); });
}

}  // namespace

Placement read_placement(const JsonObject& from, const AuthTemplate& form) {
  Placement placement;
  if (const auto stated = from.optional_object("placement", kPlacementKeys)) {
    if (const auto headers = stated->optional_map("headers")) placement.headers = read_headers(*headers, form);
    if (const auto basic = stated->optional_object("basic", kBasicKeys)) placement.basic = read_basic(*basic, form);
  } else {
    placement = usual_placement(from, form);
  }
  if (form.kind == TemplateKind::kBasic && !placement.basic) {
    throw from.error("placement", "of a basic template must have \"basic\"");
  }
  if (placement.basic && sets_authorization(placement.headers)) {
    throw from.error("placement", "sets Authorization twice: \"basic\" is that header too");
  }
  check_all_secrets_placed(from, form, placement);
  return placement;
}

std::vector<PlacedHeader> read_fixed_headers(const JsonObject& from) {
  const auto stated = from.optional_map("headers");
  if (!stated) return {};
  std::vector<PlacedHeader> headers = read_pairs(*stated);
  const AuthTemplate no_fields;
  for (const PlacedHeader& header : headers) {
    check_literal_name(*stated, header.name);
    check_text(*stated, header.name, header.value, no_fields);
  }
  // The same for everybody: a credential here would be one in a file that is no secret.
  if (sets_authorization(headers)) throw from.error("headers", "must not hold a credential");
  return headers;
}

void check_headers_once(const JsonObject& from, const domain::Integration& integration) {
  for (const AuthTemplate& form : integration.templates) {
    for (const PlacedHeader& placed : form.placement.headers) {
      for (const PlacedHeader& fixed : integration.headers) {
        if (!domain::same_header(placed.name, fixed.name)) continue;
        throw from.error("headers", "has " + fixed.name + ", which the template \"" + form.slug + "\" sets too");
      }
    }
  }
}

}  // namespace countersign::catalog
