// What a person wants to know before they give a credential away: where it stands in a request, and where that
// request goes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/integration.h"

namespace countersign::web {

// One sentence for each place: "In the header Authorization, as “Bearer ‹token›”."
std::vector<std::string> placement_words(const domain::AuthTemplate& form);
// "starts with sk_ or rk_, at least 16 characters"; empty when anything goes.
std::string shape_words(const domain::Field& field);
// With the labels of fields in place of their names: "https://‹subdomain›.zendesk.com".
std::string target_words(const domain::Integration& integration, std::string_view base_url);
// What to say to an agent that knows this server.
std::string request_words(const domain::Integration& integration);
// Whether each word of the search is part of the name, the slug or a category, in any case (ASCII).
bool matches(const domain::Integration& integration, std::string_view search);

}  // namespace countersign::web
