// What every door of this folder may call: references to services built once by the app, which outlive the
// router. Copied freely; thread-safe because each of them is. Pages and JSON have different handlers and
// the same services.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "catalog/catalog.h"
#include "handoff/connections.h"
#include "handoff/handoffs.h"
#include "identity/grants.h"
#include "identity/people.h"
#include "identity/sign_in.h"

namespace countersign::web {

class TemplateEngine;
class Assets;

// Fixed before the first request. The public URL is configured, never taken from a request (DESIGN 8.10).
struct Settings {
  std::string public_url;     // scheme://host[:port], no path, no trailing slash
  bool dev = false;           // shows the stripe; a password is optional
  std::string cookie_suffix;  // dev: "_<port>", so that two of them on one machine do not share a session
  WorkspaceId workspace;
  std::string first_call;       // dev: the curl line that makes a first handoff; empty: the hint is left out
  PersonId first_call_owner{};  // the only one who sees that line: a token is in it
};

struct Services {
  const handoff::Handoffs& handoffs;
  const handoff::Connections& connections;
  identity::SignIn& sign_in;
  const identity::People& people;
  const identity::Grants& grants;
  const catalog::Catalog& catalog;
  const Clock& clock;
  const Settings& settings;
  const TemplateEngine& templates;  // the pages' two; the agents' doors do not look at them
  const Assets& assets;
};

}  // namespace countersign::web
