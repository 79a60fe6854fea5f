// Signed notes of how far each audit chain had come, in a file beside the database: what finds a cut tail
// and a restored older database, which the chain alone cannot see. A sink on another machine may copy it.
//
// One line per chain, Ed25519 over the line's members; replaced as a whole and flushed. The last second of
// events may be newer than the last note: that is the bound of what a thief of both files can cut.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/key_ring.h"
#include "store/store.h"

namespace countersign::app {

struct Checkpoint {
  WorkspaceId workspace;
  int node = 0;
  domain::ChainHead head;
  Instant at;
};

class Checkpoints {
 public:
  Checkpoints(std::filesystem::path file, const crypto::KeyRing& keys, const Clock& clock);

  // The first note of a new installation, of a chain without events, before its first event: so a broker
  // that was killed in its first second is not taken for one whose notes were removed. Throws
  // `audit_rolled_back` when the file speaks of events already: then the database is the one that is gone.
  void begin(WorkspaceId workspace);
  // Writes the present heads when one has moved since the last call. Throws kUnavailable `data_unwritable`.
  void write(const store::Store& store);
  // What the file holds; empty when there is none. Throws kInternal `checkpoint_forged` on a bad signature.
  std::vector<Checkpoint> read() const;
  // Whether there is a note at all; a broker that has lived has one.
  bool exist() const { return std::filesystem::exists(file_); }
  // Throws `audit_rolled_back` when the store is behind a checkpoint or has another event in its place.
  void check_against(const store::Store& store) const;

 private:
  std::filesystem::path file_;
  const crypto::KeyRing& keys_;
  const Clock& clock_;
  std::vector<store::Chain> written_;
};

// One sentence, or nothing when the store holds what the checkpoint says.
std::optional<std::string> contradiction(const store::Snapshot& snapshot, const Checkpoint& checkpoint);

}  // namespace countersign::app
