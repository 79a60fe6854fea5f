#include "identity/audit_trail.h"

#include <algorithm>
#include <utility>

namespace countersign::identity {
namespace {

constexpr std::size_t kLongestPage = 200;
// Of one read, so that a filter that matches nothing holds no snapshot for long.
constexpr std::size_t kMostLookedAt = 5'000;

}  // namespace

AuditTrail::AuditTrail(store::Store& store, int node) : store_(store), node_(node) {}

store::AuditPage AuditTrail::page(const domain::Acting& acting, store::AuditFilter filter, std::int64_t before,
                                  std::size_t limit) const {
  if (acting.role != domain::Role::kAdmin) filter.actor = domain::Actor::person(acting.person).text();
  return store_.read([&](const store::Snapshot& at) {
    return at.audit().search(acting.workspace, node_, filter, before, std::clamp(limit, std::size_t{1}, kLongestPage),
                             kMostLookedAt);
  });
}

void AuditTrail::each(const domain::Acting& acting, store::AuditFilter filter, std::size_t most,
                      const std::function<void(const store::AuditEntry&)>& visit) const {
  domain::require_role(acting, domain::Role::kAdmin);
  std::int64_t before = 0;
  while (most > 0) {
    const store::AuditPage next = page(acting, filter, before, std::min(most, kLongestPage));
    for (const store::AuditEntry& entry : next.entries) visit(entry);
    most -= std::min(most, next.entries.size());
    before = next.next_before;
    if (before == 0) return;
  }
}

}  // namespace countersign::identity
