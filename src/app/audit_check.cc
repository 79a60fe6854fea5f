#include "app/audit_check.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/mac.h"
#include "web/audit_file.h"

namespace countersign::app {
namespace {

constexpr std::size_t kMaxFindings = 100;

class Verification {
 public:
  Verification(const store::Snapshot& snapshot, const domain::ChainMac& mac) : snapshot_(snapshot), mac_(mac) {}

  void walk_chain(const store::Chain& chain) {
    const std::string name = "chain " + chain.workspace.text() + "/" + std::to_string(chain.node) + ": ";
    domain::ChainWalk walk(mac_);
    snapshot_.audit().walk(chain.workspace, chain.node, 0, [&](const domain::AuditRow& row, std::string_view note) {
      const std::string wrong = walk.step(row);
      if (!wrong.empty()) {
        find(name + wrong);
        return false;  // everything behind the break would be wrong as well
      }
      look_at(row, note, name);
      ++report_.events;
      return true;
    });
    if (walk.head().count != chain.head.count || walk.head().link != chain.head.link) {
      find(name + "the stored head says " + std::to_string(chain.head.count) + " events, the chain holds " +
           std::to_string(walk.head().count));
    }
  }

  void compare_seals() {
    for (const auto& [id, expected] : seals_) compare_seal(id, expected);
    for (const auto& [id, expected] : clients_) compare_client(id, expected);
  }

  void find(std::string what) {
    if (report_.findings.size() < kMaxFindings) report_.findings.push_back(std::move(what));
  }

  AuditReport take() && { return std::move(report_); }
  AuditReport& report() { return report_; }

 private:
  // What the chain says about a connection: a removed one stays revoked, and keeps no seal for good.
  struct Sealed {
    WorkspaceId workspace;
    std::string digests;
    std::optional<domain::ConnectionState> state = {};
  };

  void look_at(const domain::AuditRow& row, std::string_view note, const std::string& name) {
    // An erased note is allowed; another one in its place is not.
    if (!note.empty() && domain::commitment_of(note, mac_) != row.commitment) {
      find(name + "the note of event " + std::to_string(row.sequence) + " was exchanged");
    }
    if (sets_seals(row.action)) seals_[row.object] = {row.workspace, parse_json(row.facts).value("seals", "")};
    if (row.action == "connection.removed") note_removal(row);
    if (ends_revocation(row.action)) seals_[row.object].digests.clear();
    if (row.action == "oauth_client.created" || row.action == "oauth_client.updated") {
      clients_[row.object] = {row.workspace, parse_json(row.facts).value("seals", "")};
    }
    if (row.action == "oauth_client.removed") clients_[row.object] = {row.workspace, {}};
  }

  static bool sets_seals(std::string_view action) {
    return action == "connection.created" || action == "connection.replaced" || action == "connection.refreshed" ||
           action == "connection.reconnected";
  }
  static bool ends_revocation(std::string_view action) {
    return action == "connection.revocation_confirmed" || action == "connection.revocation_given_up";
  }

  // What still has to be revoked at the provider keeps its seals until then.
  void note_removal(const domain::AuditRow& row) {
    Sealed& sealed = seals_[row.object];
    sealed.workspace = row.workspace;
    sealed.state = domain::ConnectionState::kRevoked;
    if (parse_json(row.facts).value("revocation", "") != "queued") sealed.digests.clear();
  }

  void compare_seal(const std::string& id, const Sealed& expected) {
    const auto connection = ConnectionId::parse(id);
    const auto found = connection ? snapshot_.connections().find(expected.workspace, *connection) : std::nullopt;
    if (!found) return find("connection " + id + " is gone without a word in the chain");
    if ((found->state == domain::ConnectionState::kRevoked) != expected.state.has_value()) {
      return find("connection " + id + " is " + std::string(domain::kConnectionStateNames[found->state]) +
                  ", and the chain says otherwise");
    }
    if (digests_of(snapshot_.connections().sealed_fields(expected.workspace, *connection)) != expected.digests) {
      find("the sealed credential of connection " + id + " is not the one the chain speaks of");
    }
  }

  void compare_client(const std::string& id, const Sealed& expected) {
    const auto client = OAuthClientId::parse(id);
    if (!client || !snapshot_.oauth_clients().find(expected.workspace, *client)) {
      return find("OAuth client " + id + " is gone without a word in the chain");
    }
    if (digests_of(snapshot_.oauth_clients().sealed_fields(expected.workspace, *client)) != expected.digests) {
      find("the sealed secret of OAuth client " + id + " is not the one the chain speaks of");
    }
  }

  static std::string digests_of(const std::vector<domain::SealedField>& sealed) {
    std::string digests;
    for (const domain::SealedField& field : sealed) {
      if (!digests.empty()) digests += ' ';
      digests += field.field + ":" + std::to_string(field.version) + ":" + hex(crypto::sha256(field.sealed));
    }
    return digests;
  }

  const store::Snapshot& snapshot_;
  const domain::ChainMac& mac_;
  AuditReport report_;
  std::map<std::string, Sealed> seals_;    // by connection
  std::map<std::string, Sealed> clients_;  // by OAuth client
};

std::vector<Checkpoint> read_checkpoints(const Checkpoints& checkpoints, std::vector<std::string>& findings) {
  try {
    return checkpoints.read();
  } catch (const Error& error) {
    if (error.reason() != "checkpoint_forged") throw;
    findings.push_back(error.message());
    return {};
  }
}

bool has_note(const std::vector<Checkpoint>& noted, const store::Chain& chain) {
  return std::any_of(noted.begin(), noted.end(), [&](const Checkpoint& checkpoint) {
    return checkpoint.workspace == chain.workspace && checkpoint.node == chain.node;
  });
}

}  // namespace

AuditReport verify_audit(const store::Store& store, const domain::ChainMac& mac, const Checkpoints& checkpoints) {
  // Before the snapshot: the database may only be ahead of the note, never behind.
  std::vector<std::string> file_findings;
  const auto noted = read_checkpoints(checkpoints, file_findings);
  return store.read([&](const store::Snapshot& snapshot) {
    Verification verification(snapshot, mac);
    for (std::string& finding : file_findings) verification.find(std::move(finding));
    verification.report().chains = snapshot.audit().chains();
    for (const store::Chain& chain : snapshot.audit().chains()) verification.walk_chain(chain);
    verification.compare_seals();
    for (const store::Chain& chain : snapshot.audit().chains()) {
      if (!has_note(noted, chain)) {
        verification.find("chain " + chain.workspace.text() + "/" + std::to_string(chain.node) +
                          ": there is no checkpoint, so a cut tail or an older copy could not be told");
      }
    }
    for (const Checkpoint& checkpoint : noted) {
      if (auto wrong = contradiction(snapshot, checkpoint)) verification.find(std::move(*wrong));
    }
    return std::move(verification).take();
  });
}

void export_audit(const store::Store& store, const std::function<void(std::string_view line)>& write) {
  store.run_read([&](const store::Snapshot& snapshot) {
    for (const store::Chain& chain : snapshot.audit().chains()) {
      snapshot.audit().walk(chain.workspace, chain.node, 0, [&](const domain::AuditRow& row, std::string_view note) {
        write(web::audit_json(row, note));
        return true;
      });
    }
  });
}

}  // namespace countersign::app
