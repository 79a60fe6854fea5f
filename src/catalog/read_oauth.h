// The `oauth` of a template of kind oauth2: how its authorization server is spoken to. What is refused here could
// otherwise only fail in front of a person, or weaken a check that the broker makes at every provider. Pure.
#pragma once

#include <array>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

inline constexpr std::array<std::string_view, 39> kOAuthKeys{
    "issuer",
    "discover",
    "protected_resource",
    "authorization_endpoint",
    "token_endpoint",
    "refresh_endpoint",
    "revocation_endpoint",
    "registration_endpoint",
    "pushed_authorization_request_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "require_pushed_authorization_requests",
    "authorization_response_iss_parameter_supported",
    "client_id_metadata_document_supported",
    "grants",
    "client_auth",
    "scopes",
    "scope_parameter",
    "scope_separator",
    "pkce",
    "pkce_reason",
    "resource_use",
    "resource",
    "authorization_parameters",
    "token_parameters",
    "refresh_parameters",
    "token_headers",
    "token_body",
    "answer",
    "keep",
    "keep_callback",
    "base_url",
    "revocation",
    "account",
    "lifetime_seconds",
    "leeway_seconds",
    "client_help_url",
    "client_hint",
    "sources",
};
inline constexpr std::array<std::string_view, 3> kScopeKeys{"name", "words", "asked"};
inline constexpr std::array<std::string_view, 10> kAnswerKeys{
    "access_token", "refresh_token",       "expires_in",   "scope",       "token_type", "scope_separator",
    "ok",           "token_type_optional", "milliseconds", "numeric_text"};
// `from` is the template, `form` what has been read of it: its fields, which are labels of a host.
domain::OAuthSpec read_oauth(const JsonObject& from, Targets targets, const domain::AuthTemplate& form);

}  // namespace countersign::catalog
