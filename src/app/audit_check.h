// `audit verify` and `audit export`: reads beside a running broker, writes nothing.
//
// Verify finds: an edited, removed or reordered event and one that was slipped in (the chain), a cut tail
// and a restored older database (the checkpoint file), an exchanged note (its commitment), and a sealed
// credential that is not the one whose digest the chain holds (a row put back from an old copy).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/checkpoints.h"
#include "domain/audit.h"
#include "store/store.h"

namespace countersign::app {

struct AuditReport {
  std::int64_t events = 0;
  std::vector<store::Chain> chains;
  std::vector<std::string> findings;  // empty: all is well
};

AuditReport verify_audit(const store::Store& store, const domain::ChainMac& mac, const Checkpoints& checkpoints);

// One JSON object per event, oldest first.
void export_audit(const store::Store& store, const std::function<void(std::string_view line)>& write);

}  // namespace countersign::app
