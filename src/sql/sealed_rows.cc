#include "sql/sealed_rows.h"

#include "sql/query.h"

namespace countersign::sql {
namespace {

struct SealedTable {
  Sql insert;
  Sql list;
  Sql overwrite;
  Sql remove;
};

constexpr SealedTable kOfConnections{
    "insert into connection_secrets (connection, field, version, sealed) values ($1, $2, $3, $4)",
    "select field, version, sealed from connection_secrets where connection = $1 and version <> $2",
    "update connection_secrets set sealed = $1 where connection = $2 and field = $3 and version = $4",
    "delete from connection_secrets where connection = $1 and version <> $2"};

constexpr SealedTable kOfClients{
    "insert into oauth_client_secrets (client, field, version, sealed) values ($1, $2, $3, $4)",
    "select field, version, sealed from oauth_client_secrets where client = $1 and version <> $2",
    "update oauth_client_secrets set sealed = $1 where client = $2 and field = $3 and version = $4",
    "delete from oauth_client_secrets where client = $1 and version <> $2"};

template <class Owner>
void insert(Driver& driver, const SealedTable& table, Owner owner, std::span<const domain::SealedField> fields) {
  for (const domain::SealedField& one : fields) {
    run(driver, table.insert, owner, one.field, one.version, BytesView{one.sealed});
  }
}

template <class Owner>
std::vector<domain::SealedField> list(Driver& driver, const SealedTable& table, Owner owner, int but_version) {
  Query rows(driver, table.list, owner, but_version);
  std::vector<domain::SealedField> fields;
  while (rows.next()) {
    domain::SealedField& one = fields.emplace_back();
    rows.into(one.field, one.version, BytesInto{one.sealed});
  }
  return fields;
}

template <class Owner>
void shred(Driver& driver, const SealedTable& table, Owner owner, int but_version) {
  for (const domain::SealedField& one : list(driver, table, owner, but_version)) {
    const std::string zeros(one.sealed.size(), '\0');
    run(driver, table.overwrite, BytesView{zeros}, owner, one.field, one.version);
  }
  run(driver, table.remove, owner, but_version);
}

}  // namespace

void insert_sealed(Driver& driver, ConnectionId connection, std::span<const domain::SealedField> fields) {
  insert(driver, kOfConnections, connection, fields);
}

void insert_sealed(Driver& driver, OAuthClientId client, std::span<const domain::SealedField> fields) {
  insert(driver, kOfClients, client, fields);
}

void shred_sealed(Driver& driver, ConnectionId connection, int but_version) {
  shred(driver, kOfConnections, connection, but_version);
}

void shred_sealed(Driver& driver, OAuthClientId client) { shred(driver, kOfClients, client, kEveryVersion); }

}  // namespace countersign::sql
