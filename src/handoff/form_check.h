// What the person typed into the form of a template, looked at field by field. Used by this folder only. Pure; no
// message repeats a secret.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/integration.h"
#include "handoff/handoffs.h"

namespace countersign::handoff {

struct CheckedForm {
  std::vector<FieldProblem> problems;  // then nothing else counts
  std::vector<std::string> trimmed;    // labels
  std::string base_url;                // where the person or a host label decides it
  std::vector<std::pair<std::string, std::string>> plain;
};

// Trims what was typed and drops what the template does not declare.
CheckedForm check_form(const domain::Integration& integration, const domain::AuthTemplate& form, Submission& typed);

}  // namespace countersign::handoff
