// The part of `oauth` that says where the authorization server is: its endpoints, its issuer, or where to ask for
// them. Pure.
#pragma once

#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

// Reads into `spec`; its grants are there already, for they say which endpoints are needed.
void read_server(const JsonObject& from, Targets targets, const domain::AuthTemplate& form, domain::OAuthSpec& spec);

// One URL of a server or of an API that goes with it, with plain fields of `form` for labels of its host. Empty when
// it is left out.
std::string read_server_url(const JsonObject& from, std::string_view key, Targets targets,
                            const domain::AuthTemplate& form);

}  // namespace countersign::catalog
