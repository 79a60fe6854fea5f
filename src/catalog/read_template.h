// One entry of `templates`: what the person types, where it is placed, how it is tried out. Pure.
#pragma once

#include <array>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

inline constexpr std::array<std::string_view, 9> kTemplateKeys{"slug",      "kind",      "label", "help_url", "fields",
                                                               "placement", "live_test", "oauth", "webhook"};
inline constexpr std::array<std::string_view, 9> kFieldKeys{
    "name", "label", "hint", "placeholder", "prefixes", "characters", "sensitivity", "min_length", "max_length"};
inline constexpr std::array<std::string_view, 2> kLiveTestKeys{"path", "account"};

domain::AuthTemplate read_template(const JsonObject& from, Targets targets);

}  // namespace countersign::catalog
