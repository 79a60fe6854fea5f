// The integrations one can connect to: config/integrations/*.json, embedded in the binary, and the files
// of an operator's own folder, which add to them or replace them by slug. Checked when loaded: a file that is
// wrong names its place; at the start it stops the program, later it leaves what was good in force.
// Thread-safe: what find() gives out stays as it was, whatever reload() does meanwhile.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.h"
#include "domain/integration.h"

namespace countersign::catalog {

// What a base URL may be; kHttpsAndLoopback also takes http://127.0.0.1:PORT and http://localhost:PORT.
enum class Targets { kHttps, kHttpsAndLoopback };

// One integration from its JSON text. Throws kInvalidArgument, reason `bad_integration`, naming `file` and
// the JSON Pointer of what is wrong (unknown keys included).
domain::Integration parse_integration(std::string_view file, std::string_view text, Targets targets = Targets::kHttps);

// kServe leaves out what is marked only_in_dev. kDev lets an operator's file name a service on this machine.
enum class Mode { kDev, kServe };

using IntegrationPtr = std::shared_ptr<const domain::Integration>;

class Catalog {
 public:
  // `folder` empty: none. Throws kInvalidArgument `bad_integration`.
  Catalog(std::span<const EmbeddedFile> files, Mode mode, std::filesystem::path folder = {});

  // Null when unknown.
  IntegrationPtr find(std::string_view slug) const;
  // Throws kNotFound, reason `unknown_integration`, with the nearest slug in the message.
  IntegrationPtr get(std::string_view slug) const;
  // By slug.
  std::vector<IntegrationPtr> list() const;

  // For a job: reads the folder again if a file in it came, went or changed. True when the integrations are
  // others now. Throws `bad_integration` once for each faulty state of the folder, and keeps the old ones.
  // While a state is faulty it is read again on each call, so that a passing fault of the disk heals.
  bool reload();

 private:
  using BySlug = std::map<std::string, IntegrationPtr, std::less<>>;

  std::shared_ptr<const BySlug> load() const;
  std::shared_ptr<const BySlug> current() const;

  const Mode mode_;
  const std::filesystem::path folder_;
  const BySlug built_in_;

  std::mutex reloading_;  // guards the two below: one reload at a time
  std::string seen_;      // what the folder looked like when the integrations in force were read
  std::string faulty_;    // the state that was last complained about

  mutable std::mutex mutex_;               // guards the pointer, for as long as copying it takes
  std::shared_ptr<const BySlug> by_slug_;  // replaced as a whole
};

}  // namespace countersign::catalog

namespace countersign::embedded {
std::span<const EmbeddedFile> integrations();
}
