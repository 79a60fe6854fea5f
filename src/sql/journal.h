// The audit chain's writing end, and the list of what a transaction changed. Used by the ports of one
// writing connection, on its thread.
//
// Heads of chains are cached; the writer restores them when a step is undone, flushes them into
// audit_heads before it commits, and drops them when a transaction is lost. A port announces a change that
// takes several statements with expect_event(): until append() has chained its event the step must not be
// kept, even if somebody swallowed the exception between the two.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/audit.h"
#include "sql/driver.h"

namespace countersign::sql {

class Journal {
 public:
  Journal(Driver& driver, const domain::ChainMac& mac, int node) : driver_(driver), mac_(mac), node_(node) {}

  void expect_event() { event_missing_ = true; }
  // For a row that comes beside another, whose event stands for both: before or after, but in this step.
  void expect_event_in_step() { event_missing_ = event_missing_ || before_step_.empty(); }
  void append(const domain::AuditEvent& event);
  // An event for each row of one change, the row being its object.
  template <class Tag>
  void append_each(domain::AuditEvent event, const std::vector<Id<Tag>>& rows) {
    for (const Id<Tag> row : rows) {
      expect_event();
      event.object = row.text();
      append(event);
    }
  }
  // `row_key` is told to the commit feed once the transaction is durable.
  void changed(std::int64_t row_key) { changed_.push_back(row_key); }
  // Likewise for those who watch everything of a person, or of the workspace when it is nobody's in particular.
  void changed_for(WorkspaceId workspace, PersonId person) {
    changed(person.valid() ? person.value() : workspace.value());
  }
  // Secrets were deleted: the log that still holds them should go soon.
  void shredded() { shredded_ = true; }
  // Before the commit.
  void flush_heads();
  // For who reads them inside a step: undoing the step undoes this, so they still count as unflushed.
  void write_heads();

  // One step is one savepoint.
  void begin_step();
  void undo_step();
  bool event_missing() const { return event_missing_; }

  std::span<const std::int64_t> changed_rows() const { return changed_; }
  bool take_shredded() { return std::exchange(shredded_, false); }
  void forget_changed_rows() { changed_.clear(); }
  // The transaction is gone: what is cached may never have been stored.
  void forget();

 private:
  struct Head {
    domain::ChainHead head;
    bool flushed = true;
  };
  Head& head_of(WorkspaceId workspace);
  void insert(const domain::AuditRow& row);

  Driver& driver_;
  const domain::ChainMac& mac_;
  const int node_;
  std::unordered_map<std::int64_t, Head> heads_;            // by workspace
  std::vector<std::pair<std::int64_t, Head>> before_step_;  // what undo_step() puts back, last first
  std::vector<std::int64_t> unflushed_;                     // workspaces; may name one twice
  std::vector<std::int64_t> changed_;
  std::size_t changed_before_step_ = 0;
  bool event_missing_ = false;
  bool shredded_ = false;
};

}  // namespace countersign::sql
