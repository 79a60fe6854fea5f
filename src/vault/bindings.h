// Secrets that live elsewhere: which providers there are, which of their items an admin has bound to an
// integration and an owner, and the way from a reference to its value at call time. Nothing resolved is ever
// stored. Thread-safe; resolving may block on a file or on the network, so never inside a transaction.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/secret.h"
#include "domain/acting.h"
#include "domain/connection.h"
#include "domain/provider_binding.h"
#include "vault/vault.h"

namespace countersign::vault {

struct ProviderItem {
  std::string id;    // opaque to agents
  std::string name;  // for people
};

// One place where secrets live (vault/providers/<name>.cc). Thread-safe. What it names is checked again on
// every use: a link, a variable or a path may have changed since.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;    // "env", "file", "vault"
  virtual std::string description() const = 0;  // for admins: "files below /etc/agent-secrets"
  // What is there now, by name, at most a thousand. A look for choosing from: an item that is not among them may
  // still resolve. Throws kUpstream or kUnavailable.
  virtual std::vector<ProviderItem> items() const = 0;
  // Throws kNotFound `unknown_provider_item` (also for an empty one), kPermissionDenied `item_not_allowed`
  // (outside what the configuration allows, or one of ours), kUpstream, kUnavailable.
  virtual Secret resolve(std::string_view item) const = 0;
};
using Providers = std::vector<std::unique_ptr<Provider>>;

struct NewBinding {
  std::string provider;
  std::string item;
  std::string integration;
  domain::Owner owner;
};

class Bindings {
 public:
  Bindings(store::Store& store, Providers providers, const Clock& clock, IdSource& ids);
  ~Bindings();

  // --- an admin's side ---
  std::vector<const Provider*> providers() const;
  // What a provider holds, bound or not. Admins only. Throws kNotFound `unknown_provider`.
  std::vector<ProviderItem> items(const domain::Acting& acting, std::string_view provider) const;
  std::vector<domain::ProviderBinding> list(const domain::Acting& acting) const;
  // Fresh admin. The item must resolve now: a binding to nothing is a mistake. Throws as Provider::resolve,
  // kConflict `bound_already`, kNotFound `unknown_person`.
  domain::ProviderBinding bind(const domain::Acting& acting, const NewBinding& binding) const;
  // Connections that use it stop working at their next call. Admins only; taking away needs no fresh proof.
  // Throws kNotFound `unknown_binding`.
  void unbind(const domain::Acting& acting, BindingId binding) const;

  // --- an agent's side: only what is bound for the workspace or for the agent's owner (none: no person's) ---
  std::vector<domain::ProviderBinding> visible_to(WorkspaceId workspace, PersonId owner) const;
  // Throws kNotFound `unknown_provider_item` when the reference is not bound for this integration and owner.
  void check(WorkspaceId workspace, const domain::Owner& owner, std::string_view integration,
             const domain::ProviderReference& reference) const;

  // The values behind a connection's references, all checked against the bindings before the first is looked
  // up. Throws kConflict `binding_removed` (by an admin, or its provider is not configured any more), and as
  // Provider::resolve.
  Fields resolve(const domain::Connection& connection) const;

 private:
  const Provider* find_provider(std::string_view name) const;
  const Provider& provider(std::string_view name) const;

  store::Store& store_;
  const Providers providers_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace countersign::vault
