// The REST surface described for programs: OpenAPI 3.1, at GET /openapi.json, open to anybody.
//
// It is put together from what serves the requests: the rows the routes are made of (agent_operations) and the
// schemas the tools are held to. Only the refusals of each operation are listed by hand; tests/flows compares
// them with what is answered. docs/openapi.json is the same document with an example's address
// (tests/web/openapi_test.cc rewrites it). Pure; made once, while the program starts.
#pragma once

#include <string>

#include "web/agent_door.h"

namespace countersign::web {

std::string openapi_document(const AgentDoor& door, const Settings& settings);

// Takes a copy of the document: `door` and `settings` must be complete, and are not needed afterwards.
void add_openapi_route(http::Router& router, const AgentDoor& door, const Settings& settings);

}  // namespace countersign::web
