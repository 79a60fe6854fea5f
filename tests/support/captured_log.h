// Keeps what was logged, so that a test can look for what must be there and for what must not. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "base/log.h"

namespace countersign::support {

class CapturedLog final : public Log {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    const std::lock_guard lock(mutex_);
    text_ += event;
    for (const LogField& field : fields) ((text_ += ' ') += field.name) += '=' + field.value;
    text_ += '\n';
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace countersign::support
