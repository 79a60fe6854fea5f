#include "app/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/json.h"

namespace countersign::app {
namespace {

spdlog::level::level_enum spd_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

class SpdLog final : public Log {
 public:
  SpdLog(LogLevel least, bool json, const Clock& clock) : json_(json), clock_(clock), logger_("countersign") {
    if (json) {
      logger_.sinks().push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    } else {
      logger_.sinks().push_back(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    }
    logger_.set_pattern(json ? "%v" : "%H:%M:%S %^%-7l%$ %v");
    logger_.set_level(spd_level(least));
    logger_.flush_on(spdlog::level::debug);
  }

  bool enabled(LogLevel level) const override { return logger_.should_log(spd_level(level)); }

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override {
    if (!enabled(level)) return;
    const std::string line = json_ ? json_line(level, event, fields) : text_line(event, fields);
    // As an argument, never as a format: a brace in a value is only a brace.
    logger_.log(spd_level(level), "{}", line);
  }

 private:
  std::string json_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const {
    const auto level_name = spdlog::level::to_string_view(spd_level(level));
    std::string line = "{\"ts\":" + std::to_string(clock_.now().time_since_epoch().count()) + ",\"level\":\"" +
                       std::string(level_name.data(), level_name.size()) + "\",\"event\":" + json_quote(event);
    for (const LogField& field : fields) line += "," + json_quote(field.name) + ":" + json_quote(field.value);
    return line + "}";
  }

  // Quoted like JSON: escape sequences and line breaks from outside stay harmless (abuse case 106).
  static std::string text_line(std::string_view event, std::initializer_list<LogField> fields) {
    std::string line(event);
    for (const LogField& field : fields) line += " " + std::string(field.name) + "=" + json_quote(field.value);
    return line;
  }

  const bool json_;
  const Clock& clock_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Log> make_log(LogLevel least, LogFormat format, const Clock& clock) {
  const bool json = format == LogFormat::kJson || (format == LogFormat::kAuto && isatty(STDERR_FILENO) == 0);
  return std::make_unique<SpdLog>(least, json, clock);
}

}  // namespace countersign::app
