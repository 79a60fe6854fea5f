#include "sql/sqlite_driver.h"

#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace countersign::sql {
namespace {

constexpr std::int64_t kApplicationId = 0x43736764;  // "Csgd", in the header of our files
constexpr int kBusyMilliseconds = 2000;              // only another program's sqlite3 can make us wait

constexpr TypeWords kWords{"integer primary key", "integer", "blob", "strict", "strict, without rowid", "x''"};

// Storage failures: SQLite may have rolled the transaction back already, and none of it can be kept.
bool ends_transaction(int primary_code) {
  switch (primary_code) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
      return true;
    default:
      return false;
  }
}

Error error_of(int code, const std::string& detail) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kUnavailable, "storage_unavailable", "The disk is full; nothing was changed.", detail};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kUnavailable, "corrupt", "The database file is damaged or is not Countersign's.", detail};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorCode::kUnavailable, "storage_busy", "Another program holds the database.", detail)
          .retry_after(std::chrono::seconds(1));
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kInternal, "storage_refused", "The database refused the change.", detail};
    default:
      if (ends_transaction(code & 0xff)) {
        return {ErrorCode::kUnavailable, "storage_unavailable", "The storage failed; nothing was changed.", detail};
      }
      return {ErrorCode::kInternal, "storage_defect", "The database did not understand us.", detail};
  }
}

// The global memory statistics take a process-wide mutex on every allocation of every connection.
void switch_off_memory_statistics() {
  static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // refused once SQLite runs: then slower
  (void)once;
}

}  // namespace

// On the C interface where SQLiteCpp would copy every string and count a reference for every column.
class SqliteStatement final : public Statement {
 public:
  SqliteStatement(SqliteDriver& driver, sqlite3* database, const char* sql) : driver_(driver), sql_(sql) {
    driver_.check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr), sql);
    parameters_ = sqlite3_bind_parameter_count(statement_);
    for (int n = 1; n <= parameters_; ++n) {
      const std::string name = "$" + std::to_string(n);
      index_.at(static_cast<std::size_t>(n)) = sqlite3_bind_parameter_index(statement_, name.c_str());
    }
  }
  ~SqliteStatement() override { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  void take() {
    if (std::exchange(in_use_, true)) {
      throw Error(ErrorCode::kInternal, "nested_statement", "A query ran inside its own rows.", sql_);
    }
  }

  int parameters() const override { return parameters_; }
  void bind(int position, std::int64_t number) override {
    done(sqlite3_bind_int64(statement_, index(position), number));
  }
  void bind(int position, std::string_view text) override {
    const char* data = text.data() == nullptr ? "" : text.data();  // nullptr would mean NULL
    done(sqlite3_bind_text64(statement_, index(position), data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  void bind(int position, BytesView bytes) override {
    const char* data = bytes.bytes.data() == nullptr ? "" : bytes.bytes.data();
    done(sqlite3_bind_blob64(statement_, index(position), data, bytes.bytes.size(), SQLITE_STATIC));
  }

  bool step() override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    done(code);
    return false;
  }

  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string_view text(int column) const override {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::string_view bytes(int column) const override {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t changed() const override { return sqlite3_changes64(sqlite3_db_handle(statement_)); }

  void reset() noexcept override {
    sqlite3_reset(statement_);
    in_use_ = false;
  }

 private:
  void done(int code) { driver_.check(code, sql_); }
  int index(int position) const { return index_.at(static_cast<std::size_t>(position)); }

  SqliteDriver& driver_;
  const char* sql_;
  sqlite3_stmt* statement_ = nullptr;
  int parameters_ = 0;
  bool in_use_ = false;
  std::array<int, 33> index_{};  // SQLite numbers parameters by first appearance, we by name
};

SqliteDriver::SqliteDriver(const Options& options) {
  switch_off_memory_statistics();
  const bool writes = options.access == Access::kWrite;
  if (writes) {
    // Made here and not by SQLite for its mode; the log and its index inherit it.
    const int file = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);
  }
  try {
    const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    database_ = std::make_unique<SQLite::Database>(options.path, flags, kBusyMilliseconds, options.vfs);
  } catch (const SQLite::Exception& e) {
    throw Error(ErrorCode::kUnavailable, "storage_unavailable", "Cannot open the database " + options.path + ".",
                e.getErrorStr());
  }
  configure(options);
}

SqliteDriver::~SqliteDriver() = default;

void SqliteDriver::configure(const Options& options) {
  sqlite3* const database = database_->getHandle();
  sqlite3_extended_result_codes(database, 1);
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  check_identity(options.access);
  execute("pragma mmap_size = 0; pragma temp_store = memory; pragma foreign_keys = on; pragma cell_size_check = on");
  if (options.access == Access::kRead) return execute("pragma query_only = on; pragma cache_size = -4096");
  execute(
      "pragma journal_mode = wal; pragma wal_autocheckpoint = 0; pragma secure_delete = on; pragma cache_size = -8192");
  execute(options.durability == Durability::kFull ? "pragma synchronous = full" : "pragma synchronous = off");
  const auto note_pages = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteDriver*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database, note_pages, this);
}

// The first write to a new file is its mark, so a file of ours always carries it, even after a crash.
void SqliteDriver::check_identity(Access access) {
  const std::int64_t id = pragma("pragma application_id");
  if (id == kApplicationId) return;
  const bool is_new = id == 0 && pragma("pragma page_count") == 0;
  if (!is_new || access == Access::kRead) {
    throw Error(ErrorCode::kUnavailable, "corrupt", "The database file is damaged or is not Countersign's.",
                "application_id is " + std::to_string(id));
  }
  execute("pragma application_id = " + std::to_string(kApplicationId));
}

void SqliteDriver::check(int code, const char* sql) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  if (ends_transaction(code & 0xff)) lost_ = true;
  throw error_of(code,
                 std::string(sqlite3_errmsg(database_->getHandle())) + " (" + std::to_string(code) + ") in: " + sql);
}

Statement& SqliteDriver::prepared(Sql sql) {
  auto& statement = statements_[sql.text];
  if (!statement) statement = std::make_unique<SqliteStatement>(*this, database_->getHandle(), sql.text);
  statement->take();
  return *statement;
}

void SqliteDriver::execute(const std::string& statements) {
  check(sqlite3_exec(database_->getHandle(), statements.c_str(), nullptr, nullptr, nullptr), statements.c_str());
}

const TypeWords& SqliteDriver::words() const { return kWords; }

std::int64_t SqliteDriver::pragma(const char* text) {
  SqliteStatement statement(*this, database_->getHandle(), text);
  return statement.step() ? statement.integer(0) : 0;
}

void SqliteDriver::step_through(Sql sql) {
  Statement& statement = prepared(sql);
  const struct Scope {
    Statement& statement;
    ~Scope() { statement.reset(); }
  } scope{statement};
  statement.step();
}

void SqliteDriver::begin(Access access) {
  lost_ = false;
  step_through(access == Access::kWrite ? Sql("begin immediate") : Sql("begin"));
}

void SqliteDriver::commit() { step_through("commit"); }

void SqliteDriver::rollback() noexcept {
  // After FULL, IOERR or NOMEM SQLite may have rolled back by itself; a second one would be an error.
  if (sqlite3_get_autocommit(database_->getHandle()) == 0) {
    sqlite3_exec(database_->getHandle(), "rollback", nullptr, nullptr, nullptr);
  }
}

void SqliteDriver::savepoint() { step_through("savepoint step"); }
void SqliteDriver::release_savepoint() {
  if (sqlite3_get_autocommit(database_->getHandle()) != 0) lost_ = true;
  step_through("release step");
}
void SqliteDriver::undo_savepoint() {
  if (sqlite3_get_autocommit(database_->getHandle()) != 0) lost_ = true;
  step_through("rollback to step");
  step_through("release step");
}

bool SqliteDriver::checkpoint(Checkpoint kind) {
  sqlite3* const database = database_->getHandle();
  sqlite3_busy_timeout(database, 0);
  const int mode = kind == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  int pages = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(database, nullptr, mode, &pages, &moved);
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  if (code == SQLITE_BUSY) return false;
  check(code, "checkpoint");
  if (kind == Checkpoint::kTruncate) log_pages_ = 0;
  return moved == pages;
}

void SqliteDriver::overwrite_log_tail() {
  const std::int64_t version = pragma("pragma user_version");
  begin(Access::kWrite);
  // The same value again: SQLite does not compare, it writes the page.
  execute("pragma user_version = " + std::to_string(version));
  commit();
}

}  // namespace countersign::sql
