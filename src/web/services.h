// What every door of this folder may call: references to services built once by the app, which outlive the
// router. Copied freely; thread-safe because each of them is. Pages and JSON have different handlers and
// the same services.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "catalog/catalog.h"
#include "handoff/connections.h"
#include "handoff/handoffs.h"
#include "handoff/login.h"
#include "identity/accounts.h"
#include "identity/audit_trail.h"
#include "identity/grants.h"
#include "identity/people.h"
#include "identity/sessions.h"
#include "identity/sign_in.h"
#include "oauth/clients.h"
#include "oauth/connect.h"
#include "oauth/discovery.h"
#include "oauth/revoker.h"
#include "oauth/tokens.h"
#include "vault/bindings.h"
#include "webhook/webhooks.h"

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

// How far the audit chain was checked, by a job (app/audit_watch.h).
struct AuditState {
  std::int64_t verified_up_to = 0;  // sequence; 0: not checked yet
  Instant at;
  std::string problem;  // what is wrong, in one sentence; empty: nothing
};

// What the settings page says about the system: names and values in the order shown. Nothing secret.
using SystemFacts = std::vector<std::pair<std::string, std::string>>;

struct Services {
  const handoff::Handoffs& handoffs;
  const handoff::Logins& logins;
  const handoff::Connections& connections;
  const oauth::Clients& oauth_clients;
  const oauth::Connect& oauth_connect;
  const oauth::Discovery& discovery;
  const oauth::Tokens& tokens;
  const oauth::Revoker& revoker;
  const webhook::Webhooks& webhooks;
  identity::SignIn& sign_in;
  const identity::People& people;
  const identity::Accounts& accounts;
  const identity::Sessions& sessions;
  const identity::Grants& grants;
  const identity::AuditTrail& trail;
  const vault::Bindings& bindings;
  const catalog::Catalog& catalog;
  const Clock& clock;
  const Settings& settings;
  const TemplateEngine& templates;  // the pages' two; the agents' doors do not look at them
  const Assets& assets;
  const std::function<AuditState()>& audit_state;
  const std::function<SystemFacts()>& system_facts;
};

}  // namespace countersign::web
