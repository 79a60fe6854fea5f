// What a set of tables stands on: one connection, and its journal where it may write.
#pragma once

#include "sql/driver.h"
#include "sql/journal.h"

namespace countersign::sql {

struct Connected {
  Driver& driver;
  Journal* journal = nullptr;  // none: reads only

  Journal& changes() const;  // throws kInternal on a connection that only reads
};

}  // namespace countersign::sql
