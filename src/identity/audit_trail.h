// The audit record as people read it. Admins see everything; others what they did themselves. Reading it is
// no change. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <functional>

#include "domain/acting.h"
#include "store/store.h"

namespace countersign::identity {

class AuditTrail {
 public:
  explicit AuditTrail(store::Store& store, int node = 0);

  store::AuditPage page(const domain::Acting& acting, store::AuditFilter filter, std::int64_t before,
                        std::size_t limit) const;
  // Newest first, at most `most`, in small reads; for a file. An admin's only.
  void each(const domain::Acting& acting, store::AuditFilter filter, std::size_t most,
            const std::function<void(const store::AuditEntry&)>& visit) const;

 private:
  store::Store& store_;
  int node_;
};

}  // namespace countersign::identity
