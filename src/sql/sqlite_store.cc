#include "sql/sqlite_store.h"

#include <filesystem>

#include "sql/migrations.h"

namespace countersign::sql {
namespace {

std::string lock_path(const std::string& database) {
  return (std::filesystem::path(database).parent_path() / "lock").string();
}

}  // namespace

SqliteStore::SqliteStore(const Options& options) : options_(options) {
  const SqliteDriver::Options reading{options.path, Access::kRead, options.durability, options.vfs};
  if (options.mode == Mode::kServe) {
    lock_.emplace(lock_path(options.path));
    driver_ = std::make_unique<SqliteDriver>(
        SqliteDriver::Options{options.path, Access::kWrite, options.durability, options.vfs});
    migrate(*driver_);
  } else {
    SqliteDriver probe(reading);
    require_current_schema(probe);
  }
  readers_ = std::make_unique<ReaderPool>(reading, options.readers,
                                          options.mode == Mode::kServe ? Snapshots::kKept : Snapshots::kPerLook);
}

SqliteStore::~SqliteStore() {
  writer_.reset();
  readers_.reset();  // first, so that the log can be cut to nothing
  if (!driver_) return;
  try {
    driver_->checkpoint(SqliteDriver::Checkpoint::kTruncate);
  } catch (const Error&) {
    // The commits stand in the log, where the next start finds them.
  }
}

void SqliteStore::start(const domain::ChainMac& mac) {
  if (!driver_ || writer_) throw Error(ErrorCode::kInternal, "read_only", "This store cannot be started.");
  writer_ = std::make_unique<Writer>(*driver_, *readers_, mac, options_.node, commits_,
                                     Writer::Options{options_.queue_limit, options_.answer});
}

Writer& SqliteStore::writer() const {
  if (!writer_) throw Error(ErrorCode::kInternal, "not_started", "The store does not take changes.");
  return *writer_;
}

void SqliteStore::run_write(const std::function<void(store::Transaction&)>& change) { writer().run(change); }

void SqliteStore::run_read(const std::function<void(const store::Snapshot&)>& look) const { readers_->run(look); }

WriterHealth SqliteStore::health() const {
  WriterHealth health = writer().health();
  if (health.writable) return health;
  try {
    // Does nothing itself; before it runs, the writer makes sure that the disk takes a commit again.
    writer().run([](store::Transaction&) {});
  } catch (const Error&) {
    return writer().health();
  }
  return writer().health();
}

WriterStats SqliteStore::stats() const { return writer().stats(); }

}  // namespace countersign::sql
