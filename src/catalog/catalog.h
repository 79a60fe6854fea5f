// The integrations one can connect to: config/integrations/*.json, embedded in the binary, and the files
// of an operator's own folder beside them. Checked when loaded: a file that is wrong names its place and
// stops the start, it is never half used. Immutable after load; thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.h"
#include "domain/integration.h"

namespace countersign::catalog {

// One integration from its JSON text. Throws kInvalidArgument, reason `bad_integration`, naming `file` and
// the JSON Pointer of what is wrong (unknown keys included).
domain::Integration parse_integration(std::string_view file, std::string_view text);

enum class Mode { kDev, kServe };  // kServe leaves out what is marked only_in_dev

class Catalog {
 public:
  Catalog(std::span<const EmbeddedFile> files, Mode mode);

  // nullptr when unknown.
  const domain::Integration* find(std::string_view slug) const;
  // Throws kNotFound, reason `unknown_integration`, with the nearest slug in the message.
  const domain::Integration& get(std::string_view slug) const;
  // By slug.
  std::vector<const domain::Integration*> list() const;

 private:
  std::map<std::string, domain::Integration, std::less<>> by_slug_;
};

}  // namespace countersign::catalog

namespace countersign::embedded {
std::span<const EmbeddedFile> integrations();
}
