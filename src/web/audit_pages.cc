// The audit record, for admins all of it, for others what they did themselves. Reading it changes nothing; a copy
// of it as a file asks for the password again, because it leaves with everybody's doings in it.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "web/act_page.h"
#include "web/audit_facts.h"
#include "web/audit_file.h"
#include "web/audit_query.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/step_up.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kPerPage = 50;
constexpr std::size_t kAgentsOffered = 200;
constexpr std::size_t kMostInFile = 100'000;

KnownNames known_names(const Services& services, const domain::Acting& acting) {
  KnownNames names;
  for (auto& [id, name] : names_of_people(services, acting.workspace)) names[id.text()] = std::move(name);
  for (const domain::Agent& agent : services.grants.list(acting)) names[agent.id.text()] = agent.name;
  return names;
}

void show_time(Instant at, Values& values) { values.set("AT_ISO", iso_time(at)).set("AT", date_and_time(at)); }

// With a link, where the object has a page. `sections`: one section's names must not be an outer one's.
struct ObjectSections {
  std::string_view with_page;
  std::string_view without;
};
constexpr ObjectSections kOfEvent{"PAGE", "NO_PAGE"};
constexpr ObjectSections kOfFact{"FACT_PAGE", "FACT_TEXT"};

void show_object(std::string_view object, const KnownNames& names, const ObjectSections& sections, Values& values) {
  const auto name = names.find(object);
  values.set("OBJECT", object, 300);
  values.set("OBJECT_NAME", name == names.end() ? object : std::string_view(name->second), 100);
  const std::string path = object_path(object);
  if (path.empty()) {
    values.show(sections.without);
  } else {
    values.add(sections.with_page).set("OBJECT_PATH", path);
  }
}

// The actors that a filter can name: whoever is known, and the one that is asked for in any case.
void show_actors(std::string_view asked, const KnownNames& names, Values& values) {
  bool found = asked.empty();
  const auto option = [&](const std::string& value, const std::string& text) {
    found = found || value == asked;
    values.add("ACTOR_OPTION").set("VALUE", value).set("TEXT", text, 200).show_either(value == asked, "CHOSEN");
  };
  for (const std::string_view kind : {"system", "operator", "anonymous"}) {
    option(std::string(kind), actor_words(kind, names));
  }
  for (const auto& [id, name] : names) {
    if (PersonId::parse(id)) option("person:" + id, name);
  }
  std::size_t agents = 0;
  for (auto one = names.rbegin(); one != names.rend() && agents < kAgentsOffered; ++one) {  // the newest first
    if (!AgentId::parse(one->first)) continue;
    option("agent:" + one->first, "agent " + one->second);
    ++agents;
  }
  if (!found) option(std::string(asked), std::string(asked));
}

void show_filters(const AuditQuery& query, const domain::Acting& acting, const KnownNames& names, Values& values) {
  for (const auto& [field, text] : query.asked) {
    if (field == "action") values.set("ACTION_ASKED", text);
    if (field == "object") values.set("OBJECT_ASKED", text);
    if (field == "from") values.set("FROM_ASKED", text);
    if (field == "until") values.set("UNTIL_ASKED", text);
  }
  values.set("EXPORT_PATH", "/audit/export" + query.text());
  if (acting.role != domain::Role::kAdmin) return;
  show_actors(query.filter.actor, names, values.add("ACTOR_FILTER"));
}

void show_events(const store::AuditPage& events, const AuditQuery& query, const KnownNames& names, Values& values) {
  values.show_either(!events.entries.empty(), "SOME");
  for (const store::AuditEntry& entry : events.entries) {
    Values& row = values.add("ROW").set("SEQUENCE", std::to_string(entry.row.sequence));
    row.set("WHO", actor_words(entry.row.actor, names), 100).set("ACTION", entry.row.action);
    show_time(entry.row.at, row);
    show_object(entry.row.object, names, kOfEvent, row);
  }
  if (events.next_before > 0) values.add("OLDER").set("OLDER_PATH", "/audit" + query.text(events.next_before));
  if (query.before > 0) values.add("NEWEST").set("NEWEST_PATH", "/audit" + query.text());
  if (!events.entries.empty()) return;
  values.show(events.next_before > 0 ? "GO_ON" : query.asked.empty() && query.before == 0 ? "NONE" : "NONE_FIT");
}

http::Response list(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const AuditQuery query = parse_audit_query(call.query_params);
  const auto events = services.trail.page(acting, query.filter, query.before, kPerPage);
  const KnownNames names = known_names(services, acting);
  Page page(services, call, Section::kAudit);
  Values& values = page.content("audit.html", "Audit");
  const ChainWords chain = words_of(services.audit_state(), services.clock.now());
  show_badge(chain.badge, values);
  values.set("CHAIN_WORDS", chain.text);
  values.show_either(acting.role == domain::Role::kAdmin, "FOR_ADMIN", "OWN_ONLY");
  show_filters(query, acting, names, values);
  show_events(events, query, names, values);
  return page.answer();
}

void show_facts(const std::string& facts, const KnownNames& names, Values& values) {
  const Json parsed = parse_json(facts);
  for (const auto& [name, value] : parsed.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
    Values& fact = values.add("FACT").set("FACT_NAME", name, 100);
    show_object(text, names, kOfFact, fact);
  }
}

// Anybody else's event looks like one that does not exist: the trail shows others only their own.
store::AuditEntry event_of(const Services& services, const http::Call& call) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  const auto sequence = parse_number(call.path_params.at("sequence"));
  if (sequence && *sequence > 0 && *sequence < kMost) {
    auto found = services.trail.page(acting_of(call.caller), {}, *sequence + 1, 1);
    if (!found.entries.empty() && found.entries.front().row.sequence == *sequence)
      return std::move(found.entries.front());
  }
  throw Error(ErrorCode::kNotFound, "unknown_event", "There is no such event.");
}

http::Response show(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const store::AuditEntry entry = event_of(services, call);
  const KnownNames names = known_names(services, acting);
  Page page(services, call, Section::kAudit);
  Values& values = page.content("audit_event.html", "Event #" + std::to_string(entry.row.sequence));
  values.set("SEQUENCE", std::to_string(entry.row.sequence)).set("ACTION", entry.row.action);
  values.set("WHO", actor_words(entry.row.actor, names), 100).set("ACTOR", entry.row.actor);
  show_time(entry.row.at, values);
  show_object(entry.row.object, names, kOfEvent, values);
  show_facts(entry.row.facts, names, values);
  values.set_if_any("NOTE", entry.note);
  values.set_if_any("COMMITMENT", entry.row.commitment);
  if (entry.note.empty() && !entry.row.commitment.empty()) values.show("NOTE_ERASED");
  values.set("LINK", hex(entry.row.link));
  if (acting.role == domain::Role::kAdmin) values.show("FOR_ADMIN");
  return page.answer();
}

Act export_act(const AuditQuery& query, std::string_view format) {
  Act act;
  act.section = Section::kAudit;
  act.verb = "Export the audit record";
  act.lead = query.asked.empty()
                 ? "All events, the newest first, as one file."
                 : "The events that the filter of the page before lets through, the newest first, as one file.";
  act.effects = {
      "The file names people, agents and connections: keep it as you keep personnel files. No secret is in it.",
      "At most 100,000 events. When there are more, its last line says so: narrow the days then.",
      "For all of them at once, run “countersign audit export” on the server."};
  act.path = "/audit/export";
  act.back_path = "/audit" + query.text();
  act.back_text = "Back to the audit record";
  act.stay = "Don’t export it";
  act.choice =
      Choice{"format",
             "Format",
             {{"csv", "CSV, for a spreadsheet"}, {"jsonl", "JSON lines, for programs, with the links of the chain"}},
             std::string(format)};
  act.hidden = query.asked;
  return act;
}

http::Response ask_export(const Services& services, http::Call& call) {
  domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  const AuditQuery query = parse_audit_query(call.query_params);
  const std::string_view format = query_text(call, "format");
  if (!format.empty() && !kAuditFormatNames.parse(format)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_filter", "The format is csv or jsonl.");
  }
  return ask(services, call, export_act(query, format.empty() ? "csv" : format));
}

WipingBuffer file_of(const Services& services, const domain::Acting& acting, const store::AuditFilter& filter,
                     AuditFormat format) {
  AuditFile file(format, kMostInFile);
  // One more than fits, by which the file knows that it is not whole.
  services.trail.each(acting, filter, kMostInFile + 1, [&](const store::AuditEntry& entry) { file.add(entry); });
  return file.take();
}

http::Response attachment(WipingBuffer body, AuditFormat format, Instant now) {
  http::Response response;
  response.body = std::move(body);
  const std::string name =
      "countersign-audit-" + iso_time(now).substr(0, 10) + "." + std::string(kAuditFormatNames[format]);
  response.headers.push_back({"Content-Type", std::string(media_type_of(format))});
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"" + name + "\""});
  return response;
}

http::Response export_file(const Services& services, http::Call& call) {
  domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  const AuditQuery query = parse_audit_query(call.form->fields());
  const std::string_view word = call.form->field("format");
  WipingBuffer body;
  AuditFormat format{};
  auto trouble = carry_out(services, call, export_act(query, word), [&](const domain::Acting& acting) {
    const auto known = kAuditFormatNames.parse(word);
    if (!known) throw Error(ErrorCode::kInvalidArgument, "bad_format", "Choose one of the formats.");
    format = *known;
    body = file_of(services, acting, query.filter, format);
  });
  return trouble ? *std::move(trouble) : attachment(std::move(body), format, services.clock.now());
}

}  // namespace

void add_audit_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/audit", Access::kBrowser, list});
  add_page(router, services, {Method::kGet, "/audit/{sequence}", Access::kBrowser, show});
  add_page(router, services, {Method::kGet, "/audit/export", Access::kBrowser, ask_export});
  add_page(router, services,
           {Method::kPost, "/audit/export", Access::kBrowserForm, export_file, {std::string(kStepUpField)}});
}

}  // namespace countersign::web
