// The log on standard error: JSON lines, or short coloured text on a terminal. Thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace countersign::app {

enum class LogFormat { kAuto, kJson, kText };  // kAuto: text on a terminal, JSON elsewhere

std::unique_ptr<Log> make_log(LogLevel least, LogFormat format, const Clock& clock);

}  // namespace countersign::app
