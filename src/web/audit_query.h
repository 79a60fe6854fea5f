// What the address of the audit page asks for: a filter and a place in the list. Strict, because it is typed by
// people and forged by others (abuse case 102): a value of the wrong form is an error, never an empty list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/audit_trail.h"

namespace countersign::web {

struct AuditQuery {
  store::AuditFilter filter;
  std::int64_t before = 0;  // 0: from the newest
  // The filter's fields as they came, without the empty ones and the place: for links and hidden fields.
  std::vector<std::pair<std::string, std::string>> asked;

  // "?actor=…&until=…", with the place if it is given; empty for a query that asks for everything.
  std::string text(std::int64_t before_sequence = 0) const;
};

using QueryFields = std::map<std::string, std::string, std::less<>>;

// Dates are whole days in UTC, both included. Throws kInvalidArgument `bad_filter` or `bad_cursor`, in words.
AuditQuery parse_audit_query(const QueryFields& fields);

}  // namespace countersign::web
