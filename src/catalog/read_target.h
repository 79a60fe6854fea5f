// Where an integration's calls may go: `base_url`, `base_urls`, and the fields that stand for a label of the
// host. What a person types there can never choose the domain: its last two labels are the file's. Pure.
#pragma once

#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

// Reads both keys into `integration`.
void read_targets(const JsonObject& from, Targets targets, domain::Integration& integration);

// Once the templates are read: every `{field}` of a base URL is a plain field of every template, and takes
// no more than a host label from then on.
void bind_host_fields(const JsonObject& from, domain::Integration& integration);

}  // namespace countersign::catalog
