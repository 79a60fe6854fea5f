// The text of each step of sql/migrations.cc, one file a step. A step that was released is frozen: it lists the
// names its columns take itself and borrows nothing from the domain, which goes on. Pure.
#pragma once

#include <string>

namespace countersign::sql::steps {

std::string first();
std::string people();
std::string oauth();

}  // namespace countersign::sql::steps
