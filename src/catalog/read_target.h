// Where an integration's calls may go: `base_url`, `base_urls`, and the fields that stand for a label of the
// host. What a person types there can never choose the domain: its last two labels are the file's. Pure.
#pragma once

#include <string_view>

#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

// Reads both keys into `integration`.
void read_targets(const JsonObject& from, Targets targets, domain::Integration& integration);
// Once the templates are read: one of them may have its address from the token answer. Then nothing but such
// templates may go without base_urls.
void settle_targets(const JsonObject& from, domain::Integration& integration);

// Once the templates are read: every `{field}` of a base URL is a plain field of every template that makes calls,
// and takes no more than a host label from then on.
void bind_host_fields(const JsonObject& from, domain::Integration& integration);

// A URL of an authorization server: as a base URL, but its path may end with '/'; with a query only where it may.
enum class Query { kNone, kAllowed };
bool is_server_url(std::string_view url, Targets targets, Query query);
// ".my.example.com" or "api.example.com": what the host of a told address must end with, or be.
bool is_host_suffix(std::string_view text);
// Lets the field take one host label and nothing else, and lets the form say so while the person types.
void narrow_to_host_label(domain::Field& field);

}  // namespace countersign::catalog
