// Values in, columns out: how domain types cross the Driver. The ports read as
//   Query rows(driver, kFind, workspace, id);  while (rows.next()) rows.into(h.id, h.state, …);
//   if (run(driver, kInsert, h.id, h.state, …) == 0) …
// Enums travel as the stored names of their domain::Names table, instants as milliseconds, no id as 0.
#pragma once

#include <chrono>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/audit.h"
#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/oauth.h"
#include "domain/oauth_client.h"
#include "domain/people.h"
#include "domain/scope.h"
#include "domain/webhook.h"
#include "sql/driver.h"

namespace countersign::sql {

constexpr const auto& names_of(domain::HandoffState) { return domain::kHandoffStateNames; }
constexpr const auto& names_of(domain::HandoffKind) { return domain::kHandoffKindNames; }
constexpr const auto& names_of(domain::ConfirmAction) { return domain::kConfirmActionNames; }
constexpr const auto& names_of(domain::ConnectionState) { return domain::kConnectionStateNames; }
constexpr const auto& names_of(domain::OwnerKind) { return domain::kOwnerNames; }
constexpr const auto& names_of(domain::Role) { return domain::kRoleNames; }
constexpr const auto& names_of(domain::LinkPurpose) { return domain::kLinkPurposeNames; }
constexpr const auto& names_of(domain::OAuthGrant) { return domain::kOAuthGrantNames; }
constexpr const auto& names_of(domain::ClientOrigin) { return domain::kClientOriginNames; }
constexpr const auto& names_of(domain::ClientAuth) { return domain::kClientAuthNames; }
constexpr const auto& names_of(domain::ClientChange) { return domain::kClientChangeNames; }
constexpr const auto& names_of(domain::DeliveryVerdict) { return domain::kDeliveryVerdictNames; }

// What a column of bytes is read into.
struct BytesInto {
  std::string& out;
};

inline void bind(Statement& to, int at, std::int64_t value) { to.bind(at, value); }
inline void bind(Statement& to, int at, int value) { to.bind(at, std::int64_t{value}); }
inline void bind(Statement& to, int at, bool value) { to.bind(at, std::int64_t{value}); }
inline void bind(Statement& to, int at, Instant value) { to.bind(at, value.time_since_epoch().count()); }
inline void bind(Statement& to, int at, std::chrono::seconds value) { to.bind(at, std::int64_t{value.count()}); }
inline void bind(Statement& to, int at, std::string_view value) { to.bind(at, value); }
inline void bind(Statement& to, int at, const std::string& value) { to.bind(at, std::string_view(value)); }
inline void bind(Statement& to, int at, BytesView value) { to.bind(at, value); }
inline void bind(Statement& to, int at, const domain::Link& value) { to.bind(at, BytesView{as_text(value)}); }
template <class Tag>
void bind(Statement& to, int at, Id<Tag> value) {
  to.bind(at, value.value());
}
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
void bind(Statement& to, int at, Enum value) {
  to.bind(at, names_of(value)[value]);
}

inline void read(const Statement& from, int at, std::int64_t& value) { value = from.integer(at); }
inline void read(const Statement& from, int at, int& value) { value = static_cast<int>(from.integer(at)); }
inline void read(const Statement& from, int at, bool& value) { value = from.integer(at) != 0; }
inline void read(const Statement& from, int at, Instant& value) {
  value = Instant(std::chrono::milliseconds(from.integer(at)));
}
inline void read(const Statement& from, int at, std::chrono::seconds& value) {
  value = std::chrono::seconds(from.integer(at));
}
inline void read(const Statement& from, int at, std::string& value) { value = from.text(at); }
inline void read(const Statement& from, int at, BytesInto value) { value.out = from.bytes(at); }
inline void read(const Statement& from, int at, domain::Link& value) {
  const std::string_view bytes = from.bytes(at);
  if (bytes.size() != value.size()) throw Error(ErrorCode::kInternal, "corrupt_row", "A stored link is damaged.");
  std::memcpy(value.data(), bytes.data(), bytes.size());
}
// Written as domain::text_of(scopes).
inline void read(const Statement& from, int at, domain::ScopeSet& value) {
  const auto scopes = domain::parse_scopes(from.text(at));
  if (!scopes)
    throw Error(ErrorCode::kInternal, "corrupt_row", "A stored scope is unknown.", std::string(from.text(at)));
  value = *scopes;
}
template <class Tag>
void read(const Statement& from, int at, Id<Tag>& value) {
  value = Id<Tag>(from.integer(at));
}
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
void read(const Statement& from, int at, Enum& value) {
  const auto named = names_of(value).parse(from.text(at));
  if (!named) throw Error(ErrorCode::kInternal, "corrupt_row", "A stored name is unknown.", std::string(from.text(at)));
  value = *named;
}

// One execution; the statement goes back to the cache with the scope.
class Query {
 public:
  template <class... Values>
  Query(Driver& driver, Sql sql, Values&&... values) : statement_(driver.prepared(sql)), scope_{statement_} {
    // A Query outlives the expression that made it, a temporary does not.
    static_assert((!std::is_same_v<Values, std::string> && ...), "bind named strings, not temporaries");
    bind_all(values...);
  }

  bool next() { return statement_.step(); }
  std::int64_t changed() const { return statement_.changed(); }
  std::string_view text(int column) const { return statement_.text(column); }

  // The standing row's columns, in order.
  template <class... Columns>
  void into(Columns&&... columns) const {
    int at = 0;
    (read(statement_, at++, columns), ...);
  }

 private:
  struct Scope {
    Statement& statement;
    ~Scope() { statement.reset(); }
  };

  template <class... Values>
  void bind_all(const Values&... values) {
    if (statement_.parameters() != static_cast<int>(sizeof...(values))) {
      throw Error(ErrorCode::kInternal, "sql_parameters", "A statement was given the wrong number of values.");
    }
    int at = 0;
    (bind(statement_, ++at, values), ...);
  }

  Statement& statement_;
  Scope scope_;
};

// Runs a statement that gives no rows; how many rows it changed. Temporaries may be bound here.
template <class... Values>
std::int64_t run(Driver& driver, Sql sql, const Values&... values) {
  Query query(driver, sql, values...);
  query.next();
  return query.changed();
}

}  // namespace countersign::sql
