#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::WebhookDelivery;

#define DELIVERY_COLUMNS "id, workspace, connection, delivery_key, verdict, content_type, body, size, received_at"

// Whatever a sender does: above this even keys that could still be in time are forgotten, oldest first.
constexpr std::int64_t kMostDeliveries = 500;

}  // namespace

std::vector<WebhookDelivery> DeliveryTable::list(WorkspaceId workspace, ConnectionId connection,
                                                 std::size_t limit) const {
  Query rows(to_.driver,
             "select " DELIVERY_COLUMNS
             " from webhook_deliveries where connection = $1 and workspace = $2 order by id desc limit $3",
             connection, workspace, static_cast<std::int64_t>(limit));
  std::vector<WebhookDelivery> deliveries;
  while (rows.next()) {
    WebhookDelivery& d = deliveries.emplace_back();
    std::int64_t size = 0;
    rows.into(d.id, d.workspace, d.connection, d.delivery_key, d.verdict, d.content_type, BytesInto{d.body}, size,
              d.received_at);
    d.size = static_cast<std::size_t>(size);
  }
  return deliveries;
}

bool DeliveryTable::insert(const WebhookDelivery& d) {
  const auto inserted = run(to_.driver,
                            "insert into webhook_deliveries (" DELIVERY_COLUMNS
                            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                            " on conflict (connection, delivery_key) where delivery_key <> '' do nothing",
                            d.id, d.workspace, d.connection, d.delivery_key, d.verdict, d.content_type,
                            BytesView{d.body}, static_cast<std::int64_t>(d.size), d.received_at);
  if (inserted == 0) return false;
  forget_old(d);
  return true;
}

// A clock of the sender may be ahead as well as behind, so a key can come again for twice the time.
void DeliveryTable::forget_old(const WebhookDelivery& newest) {
  run(to_.driver,
      "delete from webhook_deliveries where connection = $1 and ("
      " (id <= (select d.id from webhook_deliveries d where d.connection = $1 order by d.id desc limit 1 offset $2)"
      " and (verdict <> 'accepted' or received_at < $3))"
      " or id <= (select d.id from webhook_deliveries d where d.connection = $1 order by d.id desc limit 1 offset $4))",
      newest.connection, static_cast<std::int64_t>(domain::kDeliveriesKept),
      newest.received_at - 2 * domain::kDeliveryWithin, kMostDeliveries);
}

}  // namespace countersign::sql
