// What happened, and the chain that makes it hard to deny. Pure: the MAC comes from outside.
//
// Each event's link is MAC(previous link, canonical event): without the key nobody can recompute a chain
// after an edit. Events carry ids and digests only. Free text and personal words go into `note`, which is
// stored in a side row; the event commits to its keyed digest, so the note can be erased and the chain
// still verifies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/state_machine.h"

namespace countersign::domain {

enum class ActorKind { kSystem, kPerson, kAgent, kAnonymous, kOperator };
inline constexpr Names<ActorKind, 5> kActorNames{{"system", "person", "agent", "anonymous", "operator"}};

struct Actor {
  ActorKind kind = ActorKind::kSystem;
  std::int64_t id = 0;  // a PersonId or AgentId; 0 where there is none

  static Actor system() { return {}; }
  static Actor person(PersonId id) { return {ActorKind::kPerson, id.value()}; }
  static Actor agent(AgentId id) { return {ActorKind::kAgent, id.value()}; }
  static Actor anonymous() { return {ActorKind::kAnonymous, 0}; }
  static Actor command_line() { return {ActorKind::kOperator, 0}; }  // somebody with the key file in hand
  std::string text() const;                                          // "person:pe_…"
};

struct AuditEvent {
  WorkspaceId workspace;
  Instant at;
  Actor actor;
  std::string_view action;  // "handoff.completed"; a literal, see docs/errors.md's table of actions
  std::string object;       // the text id of what changed, e.g. "ho_…"
  std::vector<std::pair<std::string_view, std::string>> facts;  // ids, digests, states, counts: never free text
  std::string note;                                             // free text; side row
};

using Link = std::array<std::byte, 32>;

// Keyed digest over the parts; implemented with the key ring, given to the store by constructor.
class ChainMac {
 public:
  virtual ~ChainMac() = default;
  virtual Link mac(std::string_view domain, std::span<const std::string_view> parts) const = 0;
};

// An event as it stands in the store.
struct AuditRow {
  std::int64_t sequence = 0;  // 1, 2, 3 … per chain, no gaps
  WorkspaceId workspace;
  int node = 0;  // one chain per workspace and node
  Instant at;
  std::string actor;
  std::string action;
  std::string object;
  std::string facts;       // canonical JSON object
  std::string commitment;  // hex of the note's keyed digest; empty without a note
  Link link{};
};

struct ChainHead {
  std::int64_t count = 0;
  Link link{};  // zeros before the first event
};

// Fills everything but the link from the event; facts become canonical JSON.
AuditRow row_of(const AuditEvent& event, const ChainHead& head, int node, const ChainMac& mac);
// The link this row must carry after `previous`.
Link link_of(const AuditRow& row, const Link& previous, const ChainMac& mac);
std::string commitment_of(std::string_view note, const ChainMac& mac);

// Walks a chain row by row; the first broken row ends it.
class ChainWalk {
 public:
  explicit ChainWalk(const ChainMac& mac, ChainHead start = {}) : mac_(mac), head_(start) {}
  // Empty: the row fits. Otherwise what is wrong, in one sentence.
  std::string step(const AuditRow& row);
  const ChainHead& head() const { return head_; }

 private:
  const ChainMac& mac_;
  ChainHead head_;
};

}  // namespace countersign::domain
