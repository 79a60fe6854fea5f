// Events as a file: lines of JSON for programs, CSV for people with a spreadsheet. Appends to a buffer; pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/wipe.h"
#include "domain/state_machine.h"
#include "identity/audit_trail.h"

namespace countersign::web {

enum class AuditFormat { kJsonLines, kCsv };
inline constexpr domain::Names<AuditFormat, 2> kAuditFormatNames{{"jsonl", "csv"}};
std::string_view media_type_of(AuditFormat format);

// Holds `most` events; what comes after them is left out, and a last line says so.
class AuditFile {
 public:
  AuditFile(AuditFormat format, std::size_t most);

  void add(const store::AuditEntry& entry);
  WipingBuffer take();

 private:
  void add_remark(std::string_view remark);

  const AuditFormat format_;
  const std::size_t most_;
  std::size_t seen_ = 0;
  WipingBuffer text_;
};

// One event as a JSON object, without a line end: what the page's export and `countersign audit export` both
// write, so that whoever checks the chain can take either.
std::string audit_json(const domain::AuditRow& row, std::string_view note);

// One cell, quoted (RFC 4180). What a spreadsheet would run as a formula gets an apostrophe in front (ASVS 1.2.10).
std::string csv_cell(std::string_view text);

}  // namespace countersign::web
