#include "app/checkpoints.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/durable_file.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/signing.h"

namespace countersign::app {
namespace {

crypto::SigningKey signing_key(const crypto::KeyRing& keys) {
  return crypto::SigningKey(keys.key(crypto::KeyPurpose::kCheckpoint).derive("audit", "checkpoint signature"));
}

std::string signed_text(const Checkpoint& checkpoint) {
  return "countersign audit checkpoint 1|" + checkpoint.workspace.text() + "|" + std::to_string(checkpoint.node) + "|" +
         std::to_string(checkpoint.head.count) + "|" + hex(checkpoint.head.link) + "|" +
         std::to_string(checkpoint.at.time_since_epoch().count());
}

std::string line_of(const Checkpoint& checkpoint, const crypto::SigningKey& key) {
  const Json line = {{"workspace", checkpoint.workspace.text()},
                     {"node", checkpoint.node},
                     {"count", checkpoint.head.count},
                     {"head", hex(checkpoint.head.link)},
                     {"at", checkpoint.at.time_since_epoch().count()},
                     {"public_key", base64url(key.public_key())},
                     {"signature", base64url(key.sign(signed_text(checkpoint)))}};
  return dump_json(line) + "\n";
}

Error forged(const std::filesystem::path& file, std::string_view what) {
  return Error(
      ErrorCode::kInternal, "checkpoint_forged",
      "The audit checkpoint file " + file.string() + " is not what this broker wrote: " + std::string(what) + ".");
}

domain::Link link_from_hex(const std::string& text) {
  domain::Link link{};
  for (std::size_t i = 0; i < link.size() && 2 * i + 2 <= text.size(); ++i) {
    link[i] = static_cast<std::byte>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  }
  return link;
}

Checkpoint parse_line(const std::filesystem::path& file, const std::string& text, const crypto::SigningKey& key) {
  try {
    const Json line = parse_json(text);
    Checkpoint checkpoint;
    checkpoint.workspace = WorkspaceId::parse(line.at("workspace").get<std::string>()).value();
    checkpoint.node = line.at("node").get<int>();
    checkpoint.head = {line.at("count").get<std::int64_t>(), link_from_hex(line.at("head").get<std::string>())};
    checkpoint.at = Instant(std::chrono::milliseconds(line.at("at").get<std::int64_t>()));
    const auto signature = parse_base64url(line.at("signature").get<std::string>());
    if (!signature || !crypto::verify(key.public_key(), signed_text(checkpoint), *signature)) {
      throw forged(file, "a signature does not verify");
    }
    return checkpoint;
  } catch (const std::exception& error) {
    if (dynamic_cast<const Error*>(&error) != nullptr) throw;
    throw forged(file, "a line cannot be read");
  }
}

// Without its signature: the key that could check it is gone with the database.
bool speaks_of_events(const std::filesystem::path& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"count\":0,") == std::string::npos) return true;
  }
  return false;
}

bool same(const store::Chain& a, const store::Chain& b) {
  return a.workspace == b.workspace && a.node == b.node && a.head.count == b.head.count;
}

}  // namespace

Checkpoints::Checkpoints(std::filesystem::path file, const crypto::KeyRing& keys, const Clock& clock)
    : file_(std::move(file)), keys_(keys), clock_(clock) {}

void Checkpoints::begin(WorkspaceId workspace) {
  if (exist() && speaks_of_events(file_)) {
    throw Error(ErrorCode::kConflict, "audit_rolled_back",
                "The database is empty, but the checkpoint file " + file_.string() +
                    " speaks of audit events. Restore the database, or move the file away to begin anew.");
  }
  replace_file(file_, line_of({workspace, 0, {}, clock_.now()}, signing_key(keys_)));
}

void Checkpoints::write(const store::Store& store) {
  auto chains = store.read([](const store::Snapshot& now) { return now.audit().chains(); });
  if (std::equal(chains.begin(), chains.end(), written_.begin(), written_.end(), same)) return;
  const crypto::SigningKey key = signing_key(keys_);
  std::string text;
  for (const store::Chain& chain : chains) {
    text += line_of({chain.workspace, chain.node, chain.head, clock_.now()}, key);
  }
  replace_file(file_, text);
  written_ = std::move(chains);
}

std::vector<Checkpoint> Checkpoints::read() const {
  std::vector<Checkpoint> checkpoints;
  if (!std::filesystem::exists(file_)) return checkpoints;
  std::ifstream file(file_);
  if (!file) throw forged(file_, "it cannot be read");
  const crypto::SigningKey key = signing_key(keys_);
  for (std::string line; std::getline(file, line);) checkpoints.push_back(parse_line(file_, line, key));
  return checkpoints;
}

void Checkpoints::check_against(const store::Store& store) const {
  const auto checkpoints = read();
  const auto wrong = store.read([&](const store::Snapshot& now) {
    for (const Checkpoint& checkpoint : checkpoints) {
      if (auto what = contradiction(now, checkpoint)) return what;
    }
    return std::optional<std::string>();
  });
  if (!wrong) return;
  throw Error(ErrorCode::kConflict, "audit_rolled_back",
              "The database is not the one the last audit checkpoint speaks of: " + *wrong +
                  ". Was an older copy restored, or its end cut off? See docs/threat-model.md. To accept it as it is, "
                  "move " +
                  file_.string() + " away; the next start writes a new one.");
}

std::optional<std::string> contradiction(const store::Snapshot& snapshot, const Checkpoint& checkpoint) {
  if (checkpoint.head.count == 0) return std::nullopt;
  const std::string name = checkpoint.workspace.text() + " node " + std::to_string(checkpoint.node);
  std::optional<std::string> wrong =
      "the chain of " + name + " ends before event " + std::to_string(checkpoint.head.count) + ", which was there once";
  snapshot.audit().walk(checkpoint.workspace, checkpoint.node, checkpoint.head.count - 1,
                        [&](const domain::AuditRow& row, std::string_view) {
                          if (row.sequence != checkpoint.head.count) return false;
                          wrong.reset();
                          if (row.link != checkpoint.head.link) {
                            wrong = "event " + std::to_string(row.sequence) + " of " + name + " is a different one now";
                          }
                          return false;
                        });
  return wrong;
}

}  // namespace countersign::app
