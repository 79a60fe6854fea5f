// The REST surface described for programs: OpenAPI 3.1, at GET /openapi.json, open to anybody.
//
// It is put together from what serves the requests: the rows the routes are made of (agent_operations) and the
// schemas the tools are held to. Only the refusals of each operation are listed by hand; tests/flows compares
// them with what is answered. docs/openapi.json is the same document with an example's address
// (tests/web/openapi_test.cc rewrites it). Pure; made once, for the first who asks.
#pragma once

#include <string>

#include "web/agent_door.h"

namespace countersign::web {

std::string openapi_document(const AgentDoor& door, const Settings& settings);

// The document is written for the first who asks and kept: it is half a megabyte while it is made, and few brokers
// are asked. `door` and `settings` must outlive the router's last request.
void add_openapi_route(http::Router& router, const AgentDoor& door, const Settings& settings);

}  // namespace countersign::web
