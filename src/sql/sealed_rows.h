// Sealed bytes of connections and of OAuth clients: two tables of one shape. Used inside a change that has announced
// its event.
#pragma once

#include <span>

#include "base/ids.h"
#include "domain/connection.h"
#include "sql/driver.h"

namespace countersign::sql {

void insert_sealed(Driver& driver, ConnectionId connection, std::span<const domain::SealedField> fields);
void insert_sealed(Driver& driver, OAuthClientId client, std::span<const domain::SealedField> fields);

inline constexpr int kEveryVersion = -1;
// Overwritten before deleted, so that no free page or slack keeps the bytes; Journal::shredded() asks for the log of
// the change to go too. `but_version` stays, unless it is kEveryVersion.
void shred_sealed(Driver& driver, ConnectionId connection, int but_version = kEveryVersion);
void shred_sealed(Driver& driver, OAuthClientId client);

}  // namespace countersign::sql
