#include "vault/placement.h"

#include <algorithm>

#include "base/error.h"
#include "base/secret_text.h"
#include "base/wipe.h"

namespace countersign::vault {
namespace {

using domain::AuthTemplate;
using domain::PlacedHeader;
using domain::TextPart;
using http::ClientHeader;

Error bad_credential(std::string why) {
  return Error(ErrorCode::kInvalidArgument, "bad_credential", std::move(why)).recovery("connections.createHandoff");
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// The catalog lets no other text in; a defect must not send half a credential.
std::vector<TextPart> parts_of(std::string_view text) {
  if (auto parts = domain::split_text(text)) return std::move(*parts);
  throw Error(ErrorCode::kInternal, "internal", "A placement is malformed.", std::string(text));
}

const std::string* find_plain(const PlainFields& plain, std::string_view name) {
  const auto found = std::find_if(plain.begin(), plain.end(), [&](const auto& field) { return field.first == name; });
  return found == plain.end() ? nullptr : &found->second;
}

// What the fields of one credential hold. Refers to what it was made of.
class Values {
 public:
  struct Piece {
    std::string_view bytes;
    bool secret = false;
  };

  Values(const AuthTemplate& form, const Fields& secrets, const PlainFields& plain)
      : form_(form), secrets_(secrets), plain_(plain) {}

  Piece of(const TextPart& part) const {
    if (part.kind == TextPart::Kind::kLiteral) return {part.text, false};
    const Piece piece = typed(part.text);
    if (!has_control_characters(piece.bytes)) return piece;
    throw bad_credential(
        "The " + label(part.text) +
        " has control characters or a line break in it and cannot be sent. Connect the account again.");
  }

 private:
  Piece typed(std::string_view name) const {
    if (const auto secret = secrets_.find(name); secret != secrets_.end()) return {secret->second.reveal(), true};
    if (const std::string* value = find_plain(plain_, name)) return {*value, false};
    // The file that describes the integration has changed since the person filled in the form.
    throw bad_credential("This connection has no " + label(name) + ". Connect the account again.");
  }
  std::string label(std::string_view name) const {
    if (const domain::Field* field = form_.find_field(name)) return field->label;
    std::string words(name);  // nobody types it: "access_token"
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
  }

  const AuthTemplate& form_;
  const Fields& secrets_;
  const PlainFields& plain_;
};

std::string header_name(const std::string& text, const Values& values) {
  std::string name;
  bool secret = false;  // the file may say something else now than when the credential was sealed
  for (const TextPart& part : parts_of(text)) {
    const Values::Piece piece = values.of(part);
    secret = secret || piece.secret;
    if (!secret) name += piece.bytes;
  }
  if (!secret && domain::is_placeable_header(name)) return name;
  throw bad_credential("The name of the header is none that a credential can stand in. Connect the account again.");
}

ClientHeader placed(const PlacedHeader& header, const Values& values) {
  ClientHeader result;
  result.name = header_name(header.name, values);
  WipingBuffer behind;  // the secret, and what follows it
  bool secret = false;
  for (const TextPart& part : parts_of(header.value)) {
    const Values::Piece piece = values.of(part);
    secret = secret || piece.secret;
    if (secret) {
      append(behind, piece.bytes);
    } else {
      result.value += piece.bytes;
    }
  }
  result.secret = Secret::copy_of(view(behind));
  return result;
}

void fill(WipingBuffer& buffer, std::string_view text, const Values& values) {
  for (const TextPart& part : parts_of(text)) append(buffer, values.of(part).bytes);
}

// RFC 7617 section 2.
ClientHeader basic(const domain::BasicPair& pair, const Values& values) {
  WipingBuffer joined;
  fill(joined, pair.user, values);
  if (view(joined).find(':') != std::string_view::npos) {
    throw bad_credential("A user name with a colon in it cannot be sent. Connect the account again.");
  }
  joined.push_back(':');
  fill(joined, pair.password, values);
  return {"Authorization", "Basic ", base64(view(joined))};
}

// The name may have come from the person, so the catalog could not see it.
void check_once(const std::vector<ClientHeader>& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!domain::same_header(headers[i].name, headers[j].name)) continue;
      throw bad_credential("The name of the header is taken by another one. Connect the account again.");
    }
  }
}

std::string filled_in(std::string_view base_url, const AuthTemplate& form, const PlainFields& plain) {
  std::string url;
  for (const TextPart& part : parts_of(base_url)) {
    if (part.kind == TextPart::Kind::kLiteral) {
      url += part.text;
      continue;
    }
    const std::string* label = find_plain(plain, part.text);
    if (!label || !domain::is_host_label(*label)) {
      const domain::Field* field = form.find_field(part.text);
      throw Error(ErrorCode::kInvalidArgument, "bad_host_label",
                  "The " + (field ? field->label : std::string(part.text)) +
                      " must be one part of a host name: lower-case letters, digits and hyphens, "
                      "without a hyphen at either end.");
    }
    url += *label;
  }
  return url;
}

// By the person, or by the token answer of this very template: then what the file names beside it is for its other
// templates, and no place for this credential.
bool is_told_later(const domain::Integration& integration, const AuthTemplate& form) {
  return integration.base_url_rule == domain::BaseUrlRule::kPersonEnters ||
         (form.oauth && !form.oauth->base_url.from.empty());
}

}  // namespace

PlacedCredential place(const domain::Integration& integration, const AuthTemplate& form, const Fields& secrets,
                       const PlainFields& plain) {
  const Values values(form, secrets, plain);
  PlacedCredential credential;
  for (const PlacedHeader& header : integration.headers) {
    credential.headers.push_back({header.name, header.value, Secret()});
  }
  for (const PlacedHeader& header : form.placement.headers) credential.headers.push_back(placed(header, values));
  if (form.placement.basic) credential.headers.push_back(basic(*form.placement.basic, values));
  check_once(credential.headers);
  return credential;
}

std::vector<std::string> base_urls_for(const domain::Integration& integration, const AuthTemplate& form,
                                       const PlainFields& plain) {
  std::vector<std::string> urls;
  if (is_told_later(integration, form)) return urls;
  for (const std::string& url : integration.base_urls) urls.push_back(filled_in(url, form, plain));
  return urls;
}

std::string base_url_for(const domain::Integration& integration, const AuthTemplate& form, const PlainFields& plain) {
  const bool known = !is_told_later(integration, form) && !integration.base_urls.empty();
  if (known) return filled_in(integration.base_urls.front(), form, plain);
  throw Error(ErrorCode::kInternal, "internal", "This integration's base URL is the connection's own.");
}

}  // namespace countersign::vault
