// Webhooks: an address of ours with a signing secret of its own, for one connection of kind webhook. What comes in is
// checked (signature, age, repetition) and the last deliveries are kept for the page; where the person named an
// address of theirs, a signed delivery can be sent to it. Thread-safe.
//
// The address is `/hooks/<id digits>.<mac>`: it cannot be guessed, but it is no secret; the signature is what counts.
// What a stranger sends there writes nothing: it is counted in memory, and forgotten at a restart. Checking a signature
// opens the signing secret for as long as that takes and is no event, or strangers could fill the record; showing or
// using it is one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "catalog/catalog.h"
#include "crypto/key_ring.h"
#include "domain/webhook.h"
#include "handoff/handoffs.h"
#include "http/client.h"
#include "http/message.h"
#include "vault/bindings.h"
#include "vault/vault.h"

namespace countersign::webhook {

struct Options {
  WorkspaceId workspace;   // of the door that anybody may knock at
  std::string public_url;  // scheme://host[:port]
};

// What was not kept, since this program runs.
struct Turned {
  std::size_t bad_signature = 0;
  std::size_t stale = 0;
  std::size_t malformed = 0;
  std::size_t repeated = 0;
  Instant last_at;  // none: nothing was
};

class Webhooks {
 public:
  Webhooks(store::Store& store, const catalog::Catalog& catalog, const vault::Vault& vault,
           const vault::Bindings& bindings, http::Client& client, const crypto::KeyRing& keys, const Clock& clock,
           IdSource& ids, Options options);
  ~Webhooks();

  // Where the provider is to send to; "" for a connection that is no webhook, or is removed.
  std::string address_of(const domain::Connection& connection) const;
  // How it is signed; nothing where address_of() is "".
  std::optional<domain::WebhookSpec> spec_of(const domain::Connection& connection) const;
  // True when its signing secret was made by us, so that reveal_for() can show it.
  bool secret_made_here(const domain::Connection& connection) const;
  // True when deliveries of ours go to its base URL.
  bool sends(const domain::Connection& connection) const;

  // Takes one delivery; `address_token` is what stands behind /hooks/. Only what is accepted is kept. Throws kNotFound
  // `unknown_address`, kRateLimited `too_many_deliveries` (a sender who signs and one who does not are counted apart,
  // so that a flood of forgeries keeps nobody out). Never blocks on the network.
  domain::DeliveryVerdict take(std::string_view address_token, const http::Request& request) const;
  // Newest first; for whoever may see the connection. Throws kNotFound `unknown_connection`, as all below do.
  std::vector<domain::WebhookDelivery> deliveries(const handoff::Opener& opener, ConnectionId connection) const;
  Turned turned(const handoff::Opener& opener, ConnectionId connection) const;

  // For its owner's eyes, once (web/show_once.h); recorded. Throws kPermissionDenied `step_up_needed` or
  // `admin_needed` (the org's are the admins'), kConflict `secret_typed` for one that was not made here.
  Secret reveal_for(const handoff::Opener& opener, ConnectionId connection) const;
  // Sends {"type":"countersign.test"} to the address that the person named, signed; recorded. The status it answered.
  // Throws kPermissionDenied `admin_needed`, kConflict `nothing_to_send_to`, kRateLimited `too_many_deliveries`, and
  // as http::Client::send, which it blocks on.
  int send_test(const handoff::Opener& opener, ConnectionId connection) const;

 private:
  struct Hook;
  struct Doors;

  std::optional<Hook> find(ConnectionId id) const;
  Hook own_hook(const handoff::Opener& opener, ConnectionId id) const;
  Secret signing_secret(const Hook& hook) const;
  Secret open(const handoff::Opener& opener, const Hook& hook, std::string_view purpose) const;
  domain::DeliveryVerdict keep(const Hook& hook, const domain::WebhookDelivery& delivery) const;

  store::Store& store_;
  const catalog::Catalog& catalog_;
  const vault::Vault& vault_;
  const vault::Bindings& bindings_;
  http::Client& client_;
  const crypto::KeyRing& keys_;
  const Clock& clock_;
  IdSource& ids_;
  const Options options_;
  const std::unique_ptr<Doors> doors_;
};

}  // namespace countersign::webhook
