#include "web/audit_query.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "web/page_input.h"

namespace countersign::web {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::array<std::string_view, 5> kFields{"actor", "action", "object", "from", "until"};

Error bad_filter(std::string message) { return {ErrorCode::kInvalidArgument, "bad_filter", std::move(message)}; }

bool made_of(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= kLongestWord && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
  });
}

// As domain::Actor::text() writes it.
bool is_actor(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = domain::kActorNames.parse(text.substr(0, colon));
  if (!kind) return false;
  const bool has_id = colon != std::string_view::npos;
  switch (*kind) {
    case domain::ActorKind::kPerson:
      return has_id && PersonId::parse(text.substr(colon + 1)).has_value();
    case domain::ActorKind::kAgent:
      return has_id && AgentId::parse(text.substr(colon + 1)).has_value();
    case domain::ActorKind::kSystem:
    case domain::ActorKind::kAnonymous:
    case domain::ActorKind::kOperator:
      return !has_id;
  }
  return false;
}

std::string actor_of(const std::string& text) {
  if (is_actor(text)) return text;
  throw bad_filter("Who: “person:” or “agent:” and an id, or one of “system”, “operator” and “anonymous”.");
}

std::string action_of(const std::string& text) {
  if (made_of(text, "._")) return text;
  throw bad_filter("What: an action such as “handoff.completed”, or “handoff.” for all of them.");
}

std::string object_of(const std::string& text) {
  if (made_of(text, "_")) return text;
  throw bad_filter("On what: an id, such as one that begins with ag_, co_ or ho_.");
}

std::optional<std::chrono::sys_days> day_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_number(text.substr(0, 4));
  const auto month = parse_number(text.substr(5, 2));
  const auto day = parse_number(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *year < 1970) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::chrono::sys_days required_day(const std::string& text) {
  if (const auto day = day_of(text)) return *day;
  throw bad_filter("A day is written as 2026-11-21.");
}

void take(store::AuditFilter& filter, std::string_view field, const std::string& text) {
  if (field == "actor") filter.actor = actor_of(text);
  if (field == "action") filter.action = action_of(text);
  if (field == "object") filter.object = object_of(text);
  if (field == "from") filter.from = required_day(text);
  if (field == "until") filter.until = required_day(text) + std::chrono::days(1);
}

std::int64_t place_of(const std::string& text) {
  const auto number = parse_number(text);
  if (number && *number > 0) return *number;
  throw Error(ErrorCode::kInvalidArgument, "bad_cursor", "The place in the list is the number of an event.");
}

}  // namespace

std::string AuditQuery::text(std::int64_t before_sequence) const {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    (query += query.empty() ? '?' : '&') += std::string(name) + "=" + percent_encode(value);
  };
  for (const auto& [name, value] : asked) add(name, value);
  if (before_sequence > 0) add("before", std::to_string(before_sequence));
  return query;
}

AuditQuery parse_audit_query(const QueryFields& fields) {
  AuditQuery query;
  for (const std::string_view field : kFields) {
    const auto found = fields.find(field);
    if (found == fields.end()) continue;
    const std::string text(trimmed(found->second));
    if (text.empty()) continue;
    take(query.filter, field, text);
    query.asked.emplace_back(field, text);
  }
  if (const auto place = fields.find("before"); place != fields.end()) query.before = place_of(place->second);
  if (query.filter.until != Instant{} && query.filter.until <= query.filter.from) {
    throw bad_filter("The last day is before the first one.");
  }
  return query;
}

}  // namespace countersign::web
