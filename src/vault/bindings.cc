#include "vault/bindings.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "store/store.h"

namespace countersign::vault {
namespace {

Error unknown_item() {
  return Error(ErrorCode::kNotFound, "unknown_provider_item",
               "There is no such provider item, or no admin has bound it for this integration and owner.")
      .recovery("providers.items");
}

Error binding_removed() {
  return Error(ErrorCode::kConflict, "binding_removed",
               "This connection's secret lives elsewhere, and an admin has taken back the permission to use it. Ask "
               "an admin to bind it again, or connect the account anew.")
      .recovery("connections.create");
}

std::string owner_text(const domain::Owner& owner) {
  return owner.kind == domain::OwnerKind::kOrg ? std::string(domain::kOwnerNames[owner.kind]) : owner.person.text();
}

// The item's name is text from elsewhere, so it stands in the note.
domain::AuditEvent event_for(const domain::ProviderBinding& binding, PersonId by, std::string_view action,
                             Instant now) {
  return {binding.workspace,
          now,
          domain::Actor::person(by),
          action,
          binding.id.text(),
          {{"provider", binding.provider}, {"integration", binding.integration}, {"owner", owner_text(binding.owner)}},
          binding.item};
}

void check_owner(const store::People& people, const domain::ProviderBinding& binding) {
  if (binding.owner.kind == domain::OwnerKind::kOrg) return;
  if (people.find(binding.workspace, binding.owner.person)) return;
  throw Error(ErrorCode::kNotFound, "unknown_person", "There is no such person.");
}

bool is_bound(const store::Bindings& bindings, WorkspaceId workspace, const domain::Owner& owner,
              std::string_view integration, const domain::ProviderReference& reference) {
  return bindings.find_item(workspace, reference.provider, reference.item, integration, owner).has_value();
}

}  // namespace

Bindings::Bindings(store::Store& store, Providers providers, const Clock& clock, IdSource& ids)
    : store_(store), providers_(std::move(providers)), clock_(clock), ids_(ids) {}

Bindings::~Bindings() = default;

const Provider* Bindings::find_provider(std::string_view name) const {
  const auto found =
      std::find_if(providers_.begin(), providers_.end(), [&](const auto& one) { return one->name() == name; });
  return found == providers_.end() ? nullptr : found->get();
}

const Provider& Bindings::provider(std::string_view name) const {
  if (const Provider* found = find_provider(name)) return *found;
  throw Error(ErrorCode::kNotFound, "unknown_provider", "No provider of that name is configured.")
      .recovery("providers.list");
}

std::vector<const Provider*> Bindings::providers() const {
  std::vector<const Provider*> all;
  for (const auto& one : providers_) all.push_back(one.get());
  return all;
}

std::vector<ProviderItem> Bindings::items(const domain::Acting& acting, std::string_view name) const {
  domain::require_role(acting, domain::Role::kAdmin);
  return provider(name).items();
}

std::vector<domain::ProviderBinding> Bindings::list(const domain::Acting& acting) const {
  domain::require_role(acting, domain::Role::kAdmin);
  return store_.read([&](const store::Snapshot& now) { return now.bindings().list(acting.workspace); });
}

domain::ProviderBinding Bindings::bind(const domain::Acting& acting, const NewBinding& wanted) const {
  domain::require_role(acting, domain::Role::kAdmin);
  const Instant now = clock_.now();
  domain::require_fresh(acting, now);
  // Before the transaction, and dropped at once: only that there is a value is of interest.
  provider(wanted.provider).resolve(wanted.item);

  domain::ProviderBinding binding;
  binding.id = ids_.next<BindingId>();
  binding.workspace = acting.workspace;
  binding.provider = wanted.provider;
  binding.item = wanted.item;
  binding.integration = wanted.integration;
  binding.owner = wanted.owner.kind == domain::OwnerKind::kOrg ? domain::Owner::org() : wanted.owner;
  binding.created_by = acting.person;
  binding.created_at = now;
  const auto event = event_for(binding, acting.person, "provider_item.bound", now);
  store_.transact([&](store::Transaction& tx) {
    check_owner(tx.people(), binding);
    tx.bindings().insert(binding, event);
  });
  return binding;
}

void Bindings::unbind(const domain::Acting& acting, BindingId id) const {
  domain::require_role(acting, domain::Role::kAdmin);
  const Instant now = clock_.now();
  store_.transact([&](store::Transaction& tx) {
    const auto binding = tx.bindings().find(acting.workspace, id);
    const bool removed =
        binding &&
        tx.bindings().remove(acting.workspace, id, event_for(*binding, acting.person, "provider_item.unbound", now));
    if (!removed) throw Error(ErrorCode::kNotFound, "unknown_binding", "There is no such binding.");
  });
}

std::vector<domain::ProviderBinding> Bindings::visible_to(WorkspaceId workspace, PersonId owner) const {
  auto bindings = store_.read([&](const store::Snapshot& now) { return now.bindings().list(workspace); });
  std::erase_if(bindings, [&](const domain::ProviderBinding& binding) {
    const bool theirs = owner.valid() && binding.owner == domain::Owner::user(owner);
    return (!theirs && binding.owner.kind != domain::OwnerKind::kOrg) || !find_provider(binding.provider);
  });
  return bindings;
}

void Bindings::check(WorkspaceId workspace, const domain::Owner& owner, std::string_view integration,
                     const domain::ProviderReference& reference) const {
  const bool bound = find_provider(reference.provider) && store_.read([&](const store::Snapshot& now) {
    return is_bound(now.bindings(), workspace, owner, integration, reference);
  });
  if (!bound) throw unknown_item();
}

Fields Bindings::resolve(const domain::Connection& connection) const {
  const bool all_bound = store_.read([&](const store::Snapshot& now) {
    return std::all_of(connection.references.begin(), connection.references.end(), [&](const auto& reference) {
      return find_provider(reference.provider) &&
             is_bound(now.bindings(), connection.workspace, connection.owner, connection.integration, reference);
    });
  });
  if (!all_bound) throw binding_removed();
  Fields values;
  for (const domain::ProviderReference& reference : connection.references) {
    values.emplace(reference.field, provider(reference.provider).resolve(reference.item));
  }
  return values;
}

}  // namespace countersign::vault
