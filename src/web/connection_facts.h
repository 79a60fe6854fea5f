// What a page shows of a connection: its facts, never its secret. Shared by the saved page, the list and the
// connection's own. Pure.
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "domain/connection.h"
#include "web/badge.h"
#include "web/values.h"

namespace countersign::web {

void show_connection(const domain::Connection& connection, const domain::Integration* integration, Values& values);
// The service's name, or its slug when its file is gone.
std::string service_name(const domain::Integration* integration, std::string_view slug);
std::string who_can_use(const domain::Owner& owner);
Badge badge_of(domain::ConnectionState state);
// What removing it does not reach, and what to do about that: one sentence, which is another one for each way to
// connect.
std::string what_stays(const domain::Integration* integration, const domain::Connection& connection);
// "here, encrypted", or the provider it stays with.
std::string where_it_lives(const domain::Connection& connection);

}  // namespace countersign::web
