// Reading a tool's arguments after they passed its schema: what is there has the right type. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/json.h"

namespace countersign::web {

std::string text_argument(const Json& arguments, std::string_view name);  // "" when absent
long long integer_argument(const Json& arguments, std::string_view name, long long otherwise);

// An id that is not even well-formed is as unknown as one that does not exist: kNotFound.
HandoffId handoff_id_argument(const Json& arguments);
ConnectionId connection_id_argument(const Json& arguments);

}  // namespace countersign::web
