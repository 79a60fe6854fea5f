// How a connection made by OAuth is doing: its account, what was granted, when its token ends, what went wrong.
#pragma once

#include <optional>

#include "domain/connection.h"
#include "domain/oauth_account.h"
#include "web/badge.h"
#include "web/services.h"
#include "web/values.h"

namespace countersign::web {

// Of any connection; `account` is nothing for one without OAuth.
Badge health_of(const domain::Connection& connection, const std::optional<domain::OAuthAccount>& account, Instant now);
// Fills {{#OAUTH}} of connection.html; nothing for a connection without OAuth.
void show_health(const Services& services, const domain::Connection& connection, Values& values);
// {{#UNCONFIRMED}} of connections.html: removed here, and the provider has not said yes yet.
void show_unconfirmed(const Services& services, const domain::Acting& acting, Values& values);

}  // namespace countersign::web
