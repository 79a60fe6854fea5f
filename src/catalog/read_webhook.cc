#include "catalog/read_webhook.h"

#include <algorithm>

#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::WebhookScheme;
using domain::WebhookSpec;

constexpr std::size_t kHeaderNameLimit = 64;

// Compared with the names of a request that came in, which are in lower case by then.
void check_header(const JsonObject& from, std::string_view key, std::string_view name) {
  if (is_lower(name, "-_") && domain::is_placeable_header(name)) return;
  throw from.error(key, "must be the name of a header in lower case, and none that steers a request");
}

void check_prefix(const JsonObject& from, std::string_view prefix) {
  const bool visible = std::all_of(prefix.begin(), prefix.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible) throw from.error("signature_prefix", "must be visible ASCII");
}

WebhookSpec read_spec(const JsonObject& from) {
  WebhookSpec spec;
  spec.scheme = one_of(from, "scheme", domain::kWebhookSchemeNames, from.text("scheme", kSlugLimit));
  spec.help_url = read_optional_page_url(from, "help_url");
  if (spec.scheme == WebhookScheme::kStandard) {
    for (const std::string_view key : {"signature_header", "signature_prefix", "id_header"}) {
      if (from.has(key)) throw from.error(key, "must be left out: Standard Webhooks says what it is");
    }
    return spec;
  }
  spec.signature_header = from.text("signature_header", kHeaderNameLimit);
  spec.signature_prefix = from.optional_text("signature_prefix", kSlugLimit);
  spec.id_header = from.optional_text("id_header", kHeaderNameLimit);
  check_header(from, "signature_header", spec.signature_header);
  check_prefix(from, spec.signature_prefix);
  if (!spec.id_header.empty()) check_header(from, "id_header", spec.id_header);
  if (spec.id_header == spec.signature_header)
    throw from.error("id_header", "must be another one than signature_header");
  return spec;
}

}  // namespace

domain::Field usual_signing_secret() {
  domain::Field field;
  field.name = kSigningSecret;
  field.label = "signing secret";
  field.hint = "The service shows it, or lets you choose it, where its webhook is set up.";
  return field;
}

WebhookSpec read_webhook(const JsonObject& from) {
  if (const auto stated = from.optional_object("webhook", kWebhookKeys)) return read_spec(*stated);
  throw from.error("webhook", "is missing: it says how a delivery is signed");
}

}  // namespace countersign::catalog
