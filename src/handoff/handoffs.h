// The handoff machine: an agent mints a one-time link, the expected person opens it and acts, the agent
// learns the outcome. One file per kind (secret_form.cc, confirm.cc); what is common is here. The kind `login`,
// which no agent mints, is login.h's: here its links can be verified and looked at, no more. The kinds `oauth` and
// `oauth_client` are completed by the module oauth; minting, opening, declining and cancelling them is done here.
//
// Rules kept here (DESIGN section 8): only the expected subject may act, everybody else learns nothing;
// every step is a compare-and-set with its audit event; the link's secret is a MAC of the id, so nothing
// secret is stored and a retried call shows the same link. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "crypto/key_ring.h"
#include "domain/acting.h"
#include "domain/handoff.h"
#include "http/client.h"
#include "vault/bindings.h"
#include "vault/vault.h"

namespace countersign::store {
class Store;
class Transaction;
}  // namespace countersign::store

namespace countersign::handoff {

// The agent that asks.
struct Asker {
  WorkspaceId workspace;
  AgentId agent;
  PersonId owner;  // none: the grant belongs to the workspace
};

// The signed-in person who opened a link.
using Opener = domain::Acting;

// A connection whose secret lives elsewhere.
struct ReferenceRequest {
  std::string integration;
  domain::OwnerKind owner = domain::OwnerKind::kUser;
  std::string name;
  std::string auth_template;
  std::string identity_label;
  // One per secret field of the template. With an empty `field`: the template's only secret.
  std::vector<domain::ProviderReference> references;
  std::string request_key;  // Idempotency-Key; empty: none
};

struct SecretFormRequest {
  std::string integration;
  std::optional<domain::OwnerKind> owner;  // default: user for a person's grant, org for the workspace's
  std::string auth_template;               // empty: the integration's first
  std::string label;                       // the agent's words for the connection
  std::string request_key;                 // Idempotency-Key; empty: none
};

// What the agent gets: the record and the secret part of its link.
struct Minted {
  domain::Handoff handoff;
  std::string link_token;  // goes behind /h/
};

// What the expected person sees. For a kLogin the handoff and its state alone: the rest is LoginCard's.
struct Card {
  domain::Handoff handoff;
  domain::HandoffState state{};  // with the deadline applied
  domain::Agent agent;           // who asks; its name is unverified text; none for a kLogin
  std::optional<domain::Person> agent_owner;
  catalog::IntegrationPtr integration;                  // null when it is not in the catalog any more
  const domain::AuthTemplate* auth_template = nullptr;  // of `integration`; null for a kRemoveConnection
  std::optional<domain::Connection> connection;         // the object of a kConfirm, or the result
  bool stranger_came = false;  // somebody it was not made for has opened the link (abuse case 1)
};
// Why somebody who opened a link may not act on it; nothing else about it is told.
enum class Refusal {
  kNotYours,      // made for somebody else
  kSentToAdmins,  // an org's, and the opener is no admin
  kClaimed,       // an org's that another admin took
};
using Look = std::variant<Card, Refusal>;

// Whether the credential is tried out at the provider before it is saved.
enum class LiveCheck { kSkip, kTry };

// What the person typed.
struct Submission {
  std::map<std::string, std::string, std::less<>> plain;
  vault::Fields secrets;
  LiveCheck check = LiveCheck::kSkip;
};
// One thing to mend in the form; the secret itself is never repeated.
struct FieldProblem {
  std::string field;
  std::string message;
};
struct Saved {
  domain::Connection connection;
  std::vector<std::string> trimmed;  // labels of fields whose surrounding white space was removed
  bool tried = false;                // the provider accepted it; the account's name is in the connection
};
using Submitted = std::variant<Saved, std::vector<FieldProblem>>;

class Claims;
class RefusalRecord;

class Handoffs {
 public:
  Handoffs(store::Store& store, const catalog::Catalog& catalog, const vault::Vault& vault,
           const vault::Bindings& bindings, http::Client& client, const crypto::KeyRing& keys, const Clock& clock,
           Random& random, IdSource& ids);

  ~Handoffs();

  // --- the agent's side ---
  // Throws kNotFound `unknown_integration` / `unknown_template`, kConflict `subject_required` (a workspace's
  // grant asked for a user connection) or `request_key_reused`.
  Minted mint_secret_form(const Asker& asker, const SecretFormRequest& request) const;
  // Asks a person to confirm the removal. Throws kNotFound `unknown_connection`, kConflict `request_key_reused`.
  Minted mint_removal(const Asker& asker, ConnectionId connection, std::string_view request_key) const;
  // Asks a person to confirm a connection made of provider items (kReplaceConnection when the owner has one of
  // that name at that integration). Throws kNotFound `unknown_integration`, `unknown_template`,
  // `unknown_provider_item` (also when it is not bound for this owner), kInvalidArgument `bad_reference`,
  // `bad_name`, `label_too_long`, kConflict `subject_required` or `request_key_reused`.
  Minted mint_connection(const Asker& asker, const ReferenceRequest& request) const;
  // kNotFound for another agent's, the same as for none.
  domain::Handoff get(const Asker& asker, HandoffId id) const;
  domain::Handoff cancel(const Asker& asker, HandoffId id) const;
  std::optional<domain::Connection> result_of(const domain::Handoff& handoff) const;

  // --- the person's side; `link_token` is what stands behind /h/ ---
  // The handoff a link names if its MAC holds: enough to lead to sign-in, tells nothing. kNotFound otherwise.
  HandoffId verify_link(std::string_view link_token) const;
  Look look(const Opener& opener, std::string_view link_token) const;
  // Continue: pending ▸ opened; the first admin claims an org's. Throws kPermissionDenied `not_yours`,
  // kConflict with the state as reason (`handoff_expired`, `handoff_cancelled`, …).
  void open(const Opener& opener, std::string_view link_token) const;
  // kTry blocks on the provider. Problems: nothing was saved, the handoff is open; one with the field "check" is
  // about the provider that could not be asked.
  Submitted submit(const Opener& opener, std::string_view link_token, Submission submission) const;
  // Throws kConflict `binding_removed`, `name_taken`, `connection_revoked` or `integration_changed` when it cannot
  // be done any more as it was asked for: the handoff stays open.
  void confirm(const Opener& opener, std::string_view link_token) const;
  void decline(const Opener& opener, std::string_view link_token) const;

  // --- for the modules above, which have kinds of their own (oauth) ---
  // What they ask for: id, workspace, agent, code, digest and times are filled in here. `beside` writes the side record
  // in the transaction of the handoff; it may run more than once.
  struct Draft {
    domain::Handoff handoff;
    std::function<void(store::Transaction&, const domain::Handoff&)> beside;
  };
  // `digest` is of everything that makes the request this one. A repeated Idempotency-Key (empty: none) finds the
  // earlier one, and `make` is not called.
  Minted mint(const Asker& asker, std::string_view request_key, std::string_view digest,
              const std::function<Draft()>& make) const;
  // A person's own wish: nobody asked, and it is opened already. Throws as refused() for who may not act on it.
  Minted mint_own(const Opener& opener, Draft draft) const;
  // The handoff behind a link, for its subject alone. Throws as open().
  domain::Handoff find_for(const Opener& opener, std::string_view link_token) const;
  std::string link_of(HandoffId id) const;

  // Somebody it was not made for has opened its link, since this program runs.
  bool stranger_came(HandoffId id) const;
  // Newest first: the home page's "waits for you", with the link of each.
  std::vector<Minted> waiting_for(const Opener& opener) const;

 private:
  struct Filled;
  using Make = std::function<domain::Handoff()>;

  Minted mint_once(const Asker& asker, std::string_view request_key, std::string_view digest, const Make& make) const;
  Minted insert(Draft draft, const Asker& asker, std::string_view digest) const;
  std::optional<Minted> repeated(const Asker& asker, std::string_view request_key, std::string_view digest) const;
  domain::Handoff find_asked(const Asker& asker, HandoffId id) const;
  domain::Handoff find_mine(const Opener& opener, std::string_view link_token) const;
  domain::Handoff seen(domain::Handoff handoff) const;
  domain::Handoff taken_back(domain::Handoff handoff) const;
  void give_back(const domain::Handoff& handoff, std::string_view why) const;
  Submitted try_and_save(Filled filled) const;
  Saved save(Filled filled, LiveCheck check) const;
  std::optional<ConnectionId> replaceable(WorkspaceId workspace, const domain::Handoff& wanted) const;
  domain::Connection proposed(const domain::Handoff& handoff, Instant now) const;
  void make_connection(const domain::Handoff& handoff, const Opener& opener, Instant now) const;

  store::Store& store_;
  const catalog::Catalog& catalog_;
  const vault::Vault& vault_;
  const vault::Bindings& bindings_;
  http::Client& client_;
  const crypto::KeyRing& keys_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  std::unique_ptr<RefusalRecord> refusals_;
  std::unique_ptr<Claims> claims_;
};

}  // namespace countersign::handoff
