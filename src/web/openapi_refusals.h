// Which refusals each REST operation can answer, for its description: the one part of it that is written by
// hand, beside docs/errors.md. tests/flows/bad_input_test.cc and openapi_test.cc fail on an answer whose code is
// not listed here. Pure.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "web/agent_door.h"

namespace countersign::web {

struct Refusal {
  std::string_view code;  // an Error's reason
  int status = 0;
  std::string_view meaning;
};

std::vector<Refusal> every_refusal();
// `tool` is null for an operation of auth_session_api.h, which needs no token.
std::vector<Refusal> refusals_of(const AgentOperation& operation, const AgentTool* tool);
std::map<int, std::vector<Refusal>> by_status(const std::vector<Refusal>& refusals);
Json refusal_codes();  // of every refusal, sorted

}  // namespace countersign::web
