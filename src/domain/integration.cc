#include "domain/integration.h"

namespace countersign::domain {

const AuthTemplate* Integration::find_template(std::string_view template_slug) const {
  if (template_slug.empty()) return templates.empty() ? nullptr : &templates.front();
  for (const AuthTemplate& one : templates) {
    if (one.slug == template_slug) return &one;
  }
  return nullptr;
}

}  // namespace countersign::domain
