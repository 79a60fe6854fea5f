// What pages show of a webhook connection beside the rest: its address, how to get at its secret, what came in.
#pragma once

#include "domain/connection.h"
#include "http/router.h"
#include "web/services.h"
#include "web/values.h"

namespace countersign::web {

// Where {{#WEBHOOK}} stands; nothing for a connection that is no webhook, or is removed. The first for the page that
// says "saved" (false: it showed nothing), the other for the connection's own, with the deliveries where
// {{>DELIVERIES}} stands.
bool show_address(const Services& services, const domain::Connection& connection, Values& values);
void show_webhook(const Services& services, const http::Call& call, const domain::Connection& connection,
                  Values& values);

}  // namespace countersign::web
