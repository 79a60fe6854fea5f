// Where diagnostics go; the app implements it (JSON lines or coloured text). Thread-safe.
//
// Fields are names and plain values; a Secret does not convert to one, so it cannot be logged.
// Control characters in values are escaped by the sink: text from outside cannot forge a line.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace countersign {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, long long number) : name(field_name), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};

class Log {
 public:
  virtual ~Log() = default;
  // Whether write() at this level does anything: ask before gathering fields on a hot path.
  virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {}) = 0;
};

}  // namespace countersign
