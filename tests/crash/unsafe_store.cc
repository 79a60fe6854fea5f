// Makes countersign_unsafe out of the real program's parts: the linker puts this between them and the store's
// constructor (--wrap, CMakeLists.txt), so nothing that could break a promise stands in src/. The crash test
// proves itself on it: UNSAFE_STORE=answer_early answers before the commit, UNSAFE_STORE=no_sync never syncs.
#include <cstdlib>
#include <string_view>

#include "sql/sqlite_store.h"

using countersign::sql::SqliteStore;

// The names are those the C++ ABI gives to SqliteStore::SqliteStore(const Options&); another signature there
// is a link error here.
extern "C" {
void __real__ZN11countersign3sql11SqliteStoreC1ERKNS1_7OptionsE(void* self, const SqliteStore::Options& options);

void __wrap__ZN11countersign3sql11SqliteStoreC1ERKNS1_7OptionsE(void* self, const SqliteStore::Options& options) {
  SqliteStore::Options unsafe = options;
  const char* const given = std::getenv("UNSAFE_STORE");
  const std::string_view how = given == nullptr ? "" : given;
  if (how == "answer_early") unsafe.answer = countersign::sql::AnswerWhen::kBeforeCommit;
  if (how == "no_sync") unsafe.durability = countersign::sql::Durability::kOff;
  __real__ZN11countersign3sql11SqliteStoreC1ERKNS1_7OptionsE(self, unsafe);
}
}
