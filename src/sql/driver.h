// What the ports need of a database engine, and no more: cached statements with numbered parameters,
// transactions, one error type. A new engine implements these two classes; no SQL of the ports changes.
//
// A Driver is one connection, owned and used by one thread at a time. Engine errors leave it as Error:
// kUnavailable when the storage failed (lost() then says that the whole transaction is gone), kInternal
// for anything the schema refused that a port did not ask about.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace countersign::sql {

// A statement's text: literals only, because the address is the key of the statement cache. Parameters are
// $1, $2 … and mean the same number each time; a nullable or bare one is written cast($1 as bigint).
struct Sql {
  consteval Sql(const char* literal) : text(literal) {}  // NOLINT(google-explicit-constructor)
  const char* text;
};

// A column or value of bytes that need not be text.
struct BytesView {
  std::string_view bytes;
};

// One prepared statement, in use from Driver::prepared() until reset(). Bound text and bytes are not copied:
// they must live until then.
class Statement {
 public:
  virtual ~Statement() = default;
  virtual int parameters() const = 0;
  virtual void bind(int position, std::int64_t number) = 0;  // positions count from 1
  virtual void bind(int position, std::string_view text) = 0;
  virtual void bind(int position, BytesView bytes) = 0;

  virtual bool step() = 0;  // true: a row stands

  // Columns count from 0; text and bytes are valid until the next step or reset.
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual std::string_view bytes(int column) const = 0;
  virtual std::int64_t changed() const = 0;  // rows the last run inserted, updated or deleted

  virtual void reset() noexcept = 0;
};

// How each engine spells what the schema needs (sql/migrations.cc).
struct TypeWords {
  std::string_view key;       // {key}: 64-bit primary key
  std::string_view integer;   // {int}: 64-bit
  std::string_view bytes;     // {bytes}
  std::string_view table;     // {table}: what follows a table's closing parenthesis
  std::string_view sorted;    // {sorted}: the same for a table kept in the order of its primary key
  std::string_view no_bytes;  // {no bytes}: the empty value of a column of {bytes}
};

enum class Access { kRead, kWrite };

class Driver {
 public:
  virtual ~Driver() = default;

  // Throws kInternal when the statement is already in use: a query may not run inside its own rows.
  virtual Statement& prepared(Sql sql) = 0;
  // Several statements at once, for the schema.
  virtual void execute(const std::string& statements) = 0;
  virtual const TypeWords& words() const = 0;

  virtual void begin(Access access) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;  // no-op outside a transaction

  // One level inside a write transaction. undo_savepoint() drops what happened since, and the savepoint.
  virtual void savepoint() = 0;
  virtual void release_savepoint() = 0;
  virtual void undo_savepoint() = 0;

  // True from a storage failure on until the next begin(): nothing of the transaction can be kept.
  virtual bool lost() const = 0;
};

}  // namespace countersign::sql
