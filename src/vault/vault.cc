#include "vault/vault.h"

#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/fingerprint.h"
#include "crypto/mac.h"
#include "crypto/seal.h"
#include "store/store.h"
#include "vault/bindings.h"
#include "vault/stored_seal.h"

namespace countersign::vault {
namespace {

// Shorter secrets would give too much of themselves away with four characters.
constexpr std::size_t kShowLast4From = 20;

std::string bound_to(const domain::Connection& connection, std::string_view field, int version) {
  return crypto::associated_data({"connection secret 1", connection.workspace.text(), connection.id.text(),
                                  domain::kOwnerNames[connection.owner.kind], connection.owner.person.text(),
                                  connection.integration, field, std::to_string(version), connection.base_url});
}

std::string last4_of(const Secret& value) {
  if (value.size() < kShowLast4From) return {};
  const std::string_view tail = value.reveal().substr(value.size() - 4);
  return is_utf8(tail) ? std::string(tail) : std::string();
}

// "env file": the places that a connection's references lead to, each once.
std::string provider_names(const domain::Connection& connection) {
  std::set<std::string_view> names;
  for (const domain::ProviderReference& reference : connection.references) names.insert(reference.provider);
  std::string text;
  for (const std::string_view name : names) (text += text.empty() ? "" : " ") += name;
  return text;
}

Error seal_broken(const domain::Connection& connection, std::string_view field) {
  return Error(ErrorCode::kInternal, "seal_broken", "The stored credential cannot be opened.",
               "the seal of " + connection.id.text() + " field " + std::string(field) +
                   " does not authenticate: moved, changed or from an old copy");
}

}  // namespace

Vault::Vault(store::Store& store, const crypto::KeyRing& keys, const Clock& clock, Random& random)
    : store_(store), keys_(keys), clock_(clock), random_(random) {}

std::vector<domain::SealedField> Vault::seal(domain::Connection& connection, const Fields& fields, int version) const {
  const crypto::Key& fingerprint_key = keys_.key(crypto::KeyPurpose::kFingerprint);
  std::vector<domain::SealedField> sealed;
  connection.secrets.clear();
  for (const auto& [name, value] : fields) {
    sealed.push_back({name, version,
                      seal_for_row(keys_, connection.workspace, value, bound_to(connection, name, version), random_)});
    connection.secrets.push_back(
        {name, version, crypto::fingerprint(fingerprint_key, connection.workspace.text(), value), last4_of(value)});
  }
  return sealed;
}

Fields Vault::open(const domain::Actor& actor, WorkspaceId workspace, ConnectionId id, std::string_view purpose,
                   const Bindings& bindings) const {
  domain::AuditEvent event;
  event.workspace = workspace;
  event.at = clock_.now();
  event.actor = actor;
  event.action = "connection.opened";
  event.object = id.text();
  event.facts.emplace_back("purpose", purpose);

  // The event is durable before a byte is decrypted or asked for.
  auto [connection, sealed] = store_.transact([&](store::Transaction& tx) {
    auto found = tx.connections().find(workspace, id);
    if (!found) throw Error(ErrorCode::kNotFound, "unknown_connection", "There is no such connection.");
    if (found->state == domain::ConnectionState::kRevoked) {
      throw Error(ErrorCode::kConflict, "connection_revoked", "This connection was removed.");
    }
    domain::AuditEvent opened = event;  // this may run more than once
    if (!found->references.empty()) opened.facts.emplace_back("provider", provider_names(*found));
    tx.audit().record(opened);
    return std::pair(std::move(*found), tx.connections().sealed_fields(workspace, id));
  });
  return connection.references.empty() ? unseal(connection, sealed) : bindings.resolve(connection);
}

Fields Vault::unseal(const domain::Connection& connection, std::span<const domain::SealedField> sealed) const {
  Fields opened;
  for (const domain::SealedField& field : sealed) {
    auto value =
        open_from_row(keys_, connection.workspace, field.sealed, bound_to(connection, field.field, field.version));
    if (!value) throw seal_broken(connection, field.field);
    opened.emplace(field.field, std::move(*value));
  }
  return opened;
}

Facts seal_facts(std::span<const domain::SealedField> sealed) {
  std::string text;
  for (const domain::SealedField& field : sealed) {
    if (!text.empty()) text += ' ';
    text += field.field + ":" + std::to_string(field.version) + ":" + hex(crypto::sha256(field.sealed));
  }
  Facts facts;
  if (!text.empty()) facts.emplace_back("seals", std::move(text));
  return facts;
}

}  // namespace countersign::vault
