#include "catalog/catalog.h"

#include "base/closest.h"
#include "base/error.h"
#include "catalog/json_object.h"

namespace countersign::catalog {

Catalog::Catalog(std::span<const EmbeddedFile> files, Mode mode) {
  for (const EmbeddedFile& file : files) {
    domain::Integration integration = parse_integration(file.name, file.bytes);
    if (mode == Mode::kServe && integration.only_in_dev) continue;
    std::string slug = integration.slug;
    if (!by_slug_.emplace(slug, std::move(integration)).second) {
      throw bad_integration(file.name, "/slug", "\"" + slug + "\" is taken by another file");
    }
  }
}

const domain::Integration* Catalog::find(std::string_view slug) const {
  const auto found = by_slug_.find(slug);
  return found == by_slug_.end() ? nullptr : &found->second;
}

const domain::Integration& Catalog::get(std::string_view slug) const {
  if (const auto* integration = find(slug)) return *integration;
  std::vector<std::string_view> known;
  for (const auto& [name, integration] : by_slug_) known.push_back(name);
  std::string message = "There is no integration of that name" + did_you_mean(slug, known);
  if (!message.ends_with('?')) message += '.';
  throw Error(ErrorCode::kNotFound, "unknown_integration", std::move(message)).recovery("integrations.list");
}

std::vector<const domain::Integration*> Catalog::list() const {
  std::vector<const domain::Integration*> all;
  all.reserve(by_slug_.size());
  for (const auto& [slug, integration] : by_slug_) all.push_back(&integration);
  return all;
}

}  // namespace countersign::catalog
