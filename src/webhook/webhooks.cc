#include "webhook/webhooks.h"

#include "base/error.h"
#include "domain/acting.h"
#include "handoff/removal.h"
#include "store/store.h"
#include "vault/webhook_signature.h"
#include "webhook/address.h"
#include "webhook/doors.h"
#include "webhook/received.h"

namespace countersign::webhook {
namespace {

using domain::DeliveryVerdict;
using domain::WebhookSpec;

constexpr std::size_t kTypeKept = 200;
constexpr std::string_view kTestBody = R"({"type":"countersign.test"})";

// The same words for a forged address, a removed connection and one that is no webhook any more.
Error unknown_address() { return {ErrorCode::kNotFound, "unknown_address", "Nothing takes deliveries here."}; }

// Throws when there were too many.
void count(http::RateLimit<std::int64_t>& limit, ConnectionId id) {
  const auto wait = limit.take(id.value());
  if (!wait) return;
  throw Error(ErrorCode::kRateLimited, "too_many_deliveries", "Too many deliveries in a minute. Send it again later.")
      .retry_after(*wait);
}

DeliveryVerdict verdict_on(const WebhookSpec& spec, const Secret& secret, const Received& received, Instant now) {
  if (!vault::signature_holds(spec, secret, received.signed_parts)) return DeliveryVerdict::kBadSignature;
  return is_in_time(spec, received, now) ? DeliveryVerdict::kAccepted : DeliveryVerdict::kStale;
}

domain::WebhookDelivery delivery_of(const domain::Connection& connection, const WebhookSpec& spec,
                                    const Received& received, const http::Request& request) {
  const std::string_view body = received.signed_parts.body;
  domain::WebhookDelivery delivery;
  delivery.workspace = connection.workspace;
  delivery.connection = connection.id;
  delivery.delivery_key = delivery_key(spec, received);
  delivery.content_type = request.header("content-type").value_or("").substr(0, kTypeKept);
  delivery.body = body.substr(0, domain::kDeliveryKept);
  delivery.size = body.size();
  return delivery;
}

void require_visible(const std::optional<domain::Connection>& connection, const handoff::Opener& opener) {
  if (!connection || !handoff::may_see(connection->owner, opener.person)) throw handoff::no_such_connection();
}

// As the scheme wants it from us; of kBodyHmac it has no time.
http::ClientRequest test_request(const domain::Connection& connection, const WebhookSpec& spec, const Secret& secret,
                                 DeliveryId id, Instant now) {
  const std::string message = id.text();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string timestamp = std::to_string(seconds);
  const std::string signature = vault::signature_of(spec, secret, {message, timestamp, {}, kTestBody});
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.url = connection.base_url;
  request.headers.push_back({"Content-Type", "application/json", {}});
  if (spec.scheme == domain::WebhookScheme::kStandard) {
    request.headers.push_back({"webhook-id", message, {}});
    request.headers.push_back({"webhook-timestamp", timestamp, {}});
    request.headers.push_back({"webhook-signature", signature, {}});
  } else {
    request.headers.push_back({spec.signature_header, signature, {}});
    if (!spec.id_header.empty()) request.headers.push_back({spec.id_header, message, {}});
  }
  append(request.body, kTestBody);
  return request;
}

}  // namespace

struct Webhooks::Hook {
  domain::Connection connection;
  std::vector<domain::SealedField> sealed;
  WebhookSpec spec;
};

Webhooks::Webhooks(store::Store& store, const catalog::Catalog& catalog, const vault::Vault& vault,
                   const vault::Bindings& bindings, http::Client& client, const crypto::KeyRing& keys,
                   const Clock& clock, IdSource& ids, Options options)
    : store_(store),
      catalog_(catalog),
      vault_(vault),
      bindings_(bindings),
      client_(client),
      keys_(keys),
      clock_(clock),
      ids_(ids),
      options_(std::move(options)),
      doors_(std::make_unique<Doors>(clock)) {}

Webhooks::~Webhooks() = default;

std::optional<WebhookSpec> Webhooks::spec_of(const domain::Connection& connection) const {
  // A secret that lives elsewhere would have to be fetched for each knock of a stranger.
  if (connection.state == domain::ConnectionState::kRevoked || !connection.references.empty()) return std::nullopt;
  const auto integration = catalog_.find(connection.integration);
  const domain::AuthTemplate* form = integration ? integration->find_template(connection.auth_template) : nullptr;
  return form ? form->webhook : std::nullopt;
}

std::string Webhooks::address_of(const domain::Connection& connection) const {
  if (!spec_of(connection)) return {};
  return options_.public_url + "/hooks/" + address_token(keys_, connection.id);
}

bool Webhooks::sends(const domain::Connection& connection) const {
  return !connection.base_url.empty() && spec_of(connection).has_value();
}

std::optional<Webhooks::Hook> Webhooks::find(ConnectionId id) const {
  Hook hook;
  const bool found = store_.read([&](const store::Snapshot& now) {
    auto connection = now.connections().find(options_.workspace, id);
    if (!connection) return false;
    hook.connection = std::move(*connection);
    hook.sealed = now.connections().sealed_fields(options_.workspace, id);
    return true;
  });
  auto spec = found ? spec_of(hook.connection) : std::nullopt;
  if (!spec) return std::nullopt;
  hook.spec = std::move(*spec);
  return hook;
}

DeliveryVerdict Webhooks::take(std::string_view address_token, const http::Request& request) const {
  const auto id = verify_address_token(keys_, address_token);
  const auto hook = id ? find(*id) : std::nullopt;
  if (!hook) throw unknown_address();
  const Instant now = clock_.now();
  const auto received = read_delivery(hook->spec, request);
  auto verdict = DeliveryVerdict::kMalformed;
  if (received) verdict = verdict_on(hook->spec, signing_secret(*hook), *received, now);
  count(verdict == DeliveryVerdict::kAccepted ? doors_->genuine : doors_->turned_away, *id);
  if (verdict == DeliveryVerdict::kAccepted) {
    auto delivery = delivery_of(hook->connection, hook->spec, *received, request);
    delivery.id = ids_.next<DeliveryId>();
    delivery.received_at = now;
    verdict = keep(*hook, delivery);
  }
  if (verdict != DeliveryVerdict::kAccepted) doors_->turned.note(*id, verdict, now);
  return verdict;
}

// Looked at once more: it may have been removed since.
DeliveryVerdict Webhooks::keep(const Hook& hook, const domain::WebhookDelivery& delivery) const {
  const auto verdict = store_.transact([&](store::Transaction& tx) -> std::optional<DeliveryVerdict> {
    const auto now = tx.connections().find(hook.connection.workspace, hook.connection.id);
    if (!now || now->state == domain::ConnectionState::kRevoked) return std::nullopt;
    return tx.deliveries().insert(delivery) ? DeliveryVerdict::kAccepted : DeliveryVerdict::kRepeated;
  });
  if (!verdict) throw unknown_address();
  return *verdict;
}

Secret Webhooks::signing_secret(const Hook& hook) const {
  auto fields = vault_.unseal(hook.connection, hook.sealed);
  const auto found = fields.find(domain::kSigningSecret);
  return found == fields.end() ? Secret() : std::move(found->second);
}

// --- for its people ---

std::vector<domain::WebhookDelivery> Webhooks::deliveries(const handoff::Opener& opener, ConnectionId id) const {
  return store_.read([&](const store::Snapshot& now) {
    require_visible(now.connections().find(opener.workspace, id), opener);
    return now.deliveries().list(opener.workspace, id, domain::kDeliveriesKept);
  });
}

Turned Webhooks::turned(const handoff::Opener& opener, ConnectionId id) const {
  const auto found =
      store_.read([&](const store::Snapshot& now) { return now.connections().find(opener.workspace, id); });
  require_visible(found, opener);
  return doors_->turned.of(id);
}

Webhooks::Hook Webhooks::own_hook(const handoff::Opener& opener, ConnectionId id) const {
  auto hook = find(id);
  if (!hook || hook->connection.workspace != opener.workspace) throw handoff::no_such_connection();
  require_visible(hook->connection, opener);
  if (hook->connection.owner.kind == domain::OwnerKind::kOrg && opener.role != domain::Role::kAdmin) {
    throw Error(ErrorCode::kPermissionDenied, "admin_needed", "Only an admin can do this with a webhook of the org.");
  }
  return std::move(*hook);
}

bool Webhooks::secret_made_here(const domain::Connection& connection) const {
  const auto hook = find(connection.id);
  return hook && vault::is_made_here(hook->spec, keys_.key(crypto::KeyPurpose::kLink), signing_secret(*hook));
}

Secret Webhooks::open(const handoff::Opener& opener, const Hook& hook, std::string_view purpose) const {
  auto fields =
      vault_.open(domain::Actor::person(opener.person), opener.workspace, hook.connection.id, purpose, bindings_);
  return std::move(fields[std::string(domain::kSigningSecret)]);
}

Secret Webhooks::reveal_for(const handoff::Opener& opener, ConnectionId id) const {
  const Hook hook = own_hook(opener, id);
  domain::require_fresh(opener, clock_.now());
  if (!vault::is_made_here(hook.spec, keys_.key(crypto::KeyPurpose::kLink), signing_secret(hook))) {
    throw Error(ErrorCode::kConflict, "secret_typed",
                "This signing secret was typed in, and what was typed is never shown again. You find it where it came "
                "from. If it is lost, make a new one there, remove this webhook, and let your agent ask again.");
  }
  return open(opener, hook, "shown to its owner");
}

int Webhooks::send_test(const handoff::Opener& opener, ConnectionId id) const {
  const Hook hook = own_hook(opener, id);
  if (hook.connection.base_url.empty()) {
    throw Error(ErrorCode::kConflict, "nothing_to_send_to", "No address was named that deliveries could be sent to.");
  }
  count(doors_->tests, id);
  const Secret secret = open(opener, hook, "test delivery");
  return client_.send(test_request(hook.connection, hook.spec, secret, ids_.next<DeliveryId>(), clock_.now())).status;
}

}  // namespace countersign::webhook
