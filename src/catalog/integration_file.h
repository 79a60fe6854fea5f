// The keys of an integration file's outermost object; the reader itself is parse_integration in catalog.h.
#pragma once

#include <array>
#include <string_view>

namespace countersign::catalog {

inline constexpr std::array<std::string_view, 11> kIntegrationKeys{
    "$schema",  "slug",      "name",    "description", "documentation_url", "categories",
    "base_url", "base_urls", "headers", "only_in_dev", "templates"};

}  // namespace countersign::catalog
