#include "domain/audit.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/json.h"

namespace countersign::domain {
namespace {

// Sorted by name, so that the same facts always give the same bytes.
std::string canonical_facts(const AuditEvent& event) {
  auto facts = event.facts;
  std::sort(facts.begin(), facts.end());
  std::string text = "{";
  for (const auto& [name, value] : facts) {
    if (text.size() > 1) text += ',';
    text += json_quote(name) + ':' + json_quote(value);
  }
  return text + '}';
}

}  // namespace

std::string Actor::text() const {
  std::string text(kActorNames[kind]);
  if (kind == ActorKind::kPerson) text += ':' + PersonId(id).text();
  if (kind == ActorKind::kAgent) text += ':' + AgentId(id).text();
  return text;
}

AuditRow row_of(const AuditEvent& event, const ChainHead& head, int node, const ChainMac& mac) {
  AuditRow row;
  row.sequence = head.count + 1;
  row.workspace = event.workspace;
  row.node = node;
  row.at = event.at;
  row.actor = event.actor.text();
  row.action = event.action;
  row.object = event.object;
  row.facts = canonical_facts(event);
  row.commitment = event.note.empty() ? "" : commitment_of(event.note, mac);
  row.link = link_of(row, head.link, mac);
  return row;
}

Link link_of(const AuditRow& row, const Link& previous, const ChainMac& mac) {
  const std::string sequence = std::to_string(row.sequence);
  const std::string workspace = row.workspace.text();
  const std::string node = std::to_string(row.node);
  const std::string at = std::to_string(row.at.time_since_epoch().count());
  const std::array<std::string_view, 10> parts = {as_text(previous), sequence,   workspace,  node,      at,
                                                  row.actor,         row.action, row.object, row.facts, row.commitment};
  return mac.mac("audit link 1", parts);
}

std::string commitment_of(std::string_view note, const ChainMac& mac) {
  const std::array<std::string_view, 1> parts = {note};
  return hex(mac.mac("audit note 1", parts));
}

std::string ChainWalk::step(const AuditRow& row) {
  if (row.sequence != head_.count + 1) {
    return "event " + std::to_string(head_.count + 1) + " is missing; the next one found is " +
           std::to_string(row.sequence);
  }
  if (row.link != link_of(row, head_.link, mac_)) {
    return "event " + std::to_string(row.sequence) + " or the one before it was changed";
  }
  head_ = {row.sequence, row.link};
  return {};
}

}  // namespace countersign::domain
