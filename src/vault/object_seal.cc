#include "vault/object_seal.h"

#include "base/error.h"
#include "crypto/seal.h"
#include "vault/stored_seal.h"

namespace countersign::vault {
namespace {

// The first part keeps it apart from a connection's seals under the same key.
std::string bound_to(const SealedObject& belongs_to) {
  return crypto::associated_data(
      {"object secret 1", belongs_to.workspace.text(), belongs_to.kind, belongs_to.object, belongs_to.field});
}

Error seal_broken(const SealedObject& belongs_to) {
  return Error(ErrorCode::kInternal, "seal_broken", "The stored credential cannot be opened.",
               "the seal of " + std::string(belongs_to.kind) + " " + belongs_to.object + " field " +
                   std::string(belongs_to.field) + " does not authenticate: moved, changed or from an old copy");
}

}  // namespace

std::string ObjectSeal::seal(const SealedObject& belongs_to, const Secret& value) const {
  return seal_for_row(keys_, belongs_to.workspace, value, bound_to(belongs_to), random_);
}

Secret ObjectSeal::open(const SealedObject& belongs_to, std::string_view sealed) const {
  auto value = open_from_row(keys_, belongs_to.workspace, sealed, bound_to(belongs_to));
  if (!value) throw seal_broken(belongs_to);
  return std::move(*value);
}

}  // namespace countersign::vault
