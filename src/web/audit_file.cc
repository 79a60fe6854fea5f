#include "web/audit_file.h"

#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "web/audit_facts.h"

namespace countersign::web {
namespace {

constexpr std::string_view kFormulaStarts = "=+-@\t\r\n";
// The same signs as a Japanese or Chinese keyboard writes them; spreadsheets take those for the plain ones.
constexpr std::array<std::string_view, 4> kWideFormulaStarts{"＝", "＋", "－", "＠"};

bool starts_a_formula(std::string_view text) {
  if (!text.empty() && kFormulaStarts.find(text.front()) != std::string_view::npos) return true;
  for (const std::string_view sign : kWideFormulaStarts) {
    if (text.starts_with(sign)) return true;
  }
  return false;
}

std::string csv_row(std::initializer_list<std::string_view> cells) {
  std::string row;
  for (const std::string_view cell : cells) (row += row.empty() ? "" : ",") += csv_cell(cell);
  return row + "\r\n";
}

std::string csv_row(const store::AuditEntry& entry) {
  const domain::AuditRow& row = entry.row;
  return csv_row(
      {std::to_string(row.sequence), iso_time(row.at), row.actor, row.action, row.object, row.facts, entry.note});
}

}  // namespace

std::string audit_json(const domain::AuditRow& row, std::string_view note) {
  Json line = {{"sequence", row.sequence},
               {"workspace", row.workspace.text()},
               {"node", row.node},
               {"at", row.at.time_since_epoch().count()},
               {"actor", row.actor},
               {"action", row.action},
               {"object", row.object},
               {"facts", parse_json(row.facts)},
               {"commitment", row.commitment},
               {"link", hex(row.link)}};
  if (!note.empty()) line["note"] = note;
  return dump_json(line);
}

std::string_view media_type_of(AuditFormat format) {
  return format == AuditFormat::kCsv ? "text/csv; charset=utf-8; header=present" : "application/jsonl; charset=utf-8";
}

std::string csv_cell(std::string_view text) {
  std::string cell = starts_a_formula(text) ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

AuditFile::AuditFile(AuditFormat format, std::size_t most) : format_(format), most_(most) {
  if (format_ == AuditFormat::kCsv) {
    append(text_, csv_row({"sequence", "at", "actor", "action", "object", "facts", "note"}));
  }
}

void AuditFile::add(const store::AuditEntry& entry) {
  if (++seen_ > most_) return;
  append(text_, format_ == AuditFormat::kCsv ? csv_row(entry) : audit_json(entry.row, entry.note) + "\n");
}

void AuditFile::add_remark(std::string_view remark) {
  append(text_, format_ == AuditFormat::kCsv ? csv_row({"", "", "", "", "", "", remark})
                                             : "{\"remark\":" + json_quote(remark) + "}\n");
}

WipingBuffer AuditFile::take() {
  if (seen_ > most_) {
    add_remark("There are older events: this file holds the newest " + std::to_string(most_) + " alone.");
  }
  return std::move(text_);
}

}  // namespace countersign::web
