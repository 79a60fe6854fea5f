// The `webhook` of a template of kind webhook: how a service signs what it delivers. Pure.
#pragma once

#include <array>
#include <string_view>

#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

inline constexpr std::array<std::string_view, 5> kWebhookKeys{"scheme", "signature_header", "signature_prefix",
                                                              "id_header", "help_url"};

// The one field of such a template.
using domain::kSigningSecret;
// The field of a template that does not describe its own.
domain::Field usual_signing_secret();

// `from` is the template.
domain::WebhookSpec read_webhook(const JsonObject& from);

}  // namespace countersign::catalog
