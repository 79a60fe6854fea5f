// Turns Values into HTML with the templates that stand in the binary. Immutable after construction;
// render() is thread-safe.
//
// Invariant: every value is escaped for the place it lands in, by the engine, never by the page. So each
// template must begin with the auto-escape pragma, may not switch escaping off (`{{X:none}}`), and may not
// change the delimiters; the constructor refuses it otherwise, and the program does not start.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/embedded_file.h"
#include "base/wipe.h"
#include "web/values.h"

namespace countersign::web {

class TemplateEngine {
 public:
  // Throws kInternal, reason `bad_template`, naming the file.
  explicit TemplateEngine(std::span<const EmbeddedFile> templates);
  ~TemplateEngine();

  // Throws kInternal, reason `no_such_template`.
  WipingBuffer render(std::string_view name, const Values& values) const;

 private:
  class Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace countersign::web

namespace countersign::embedded {
std::span<const EmbeddedFile> templates();
}
