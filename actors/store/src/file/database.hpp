#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::detail {

/// A choice of what a connection may do. Only one of a store writes, and only
/// that one makes checkpoints.
enum class access_to_store : std::uint8_t { reads, writes };

/// A connection to the file of a store, with the statements that it prepared.
///
/// Thread safety: confined to one thread.
class database {
 public:
  /// Errors: throws `SQLite::Exception`.
  database(const std::string& path, access_to_store access,
           const std::string& vfs);
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Runs statements without parameters.
  void run(const char* sql) { db_.exec(sql); }
  /// Runs one that is run often; see `prepared`.
  void run_prepared(const char* sql);
  /// `sql` is a literal: its address is what it is found by.
  [[nodiscard]] SQLite::Statement& prepared(const char* sql);
  /// The first column of the first row; 0 if there is none.
  [[nodiscard]] std::int64_t number(const char* sql);
  /// Closing leaves the file and its log as they are.
  void abandon() noexcept;

  [[nodiscard]] sqlite3* handle() const noexcept { return db_.getHandle(); }
  [[nodiscard]] std::int64_t last_row() const noexcept {
    return db_.getLastInsertRowid();
  }

 private:
  // Destroyed after the statements.
  mutable SQLite::Database db_;
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> prepared_;
};

/// A transaction, undone at its end unless it was committed.
class transaction {
 public:
  enum class kind : std::uint8_t { reads, writes };

  transaction(database& in, kind what) : in_(in) {
    in_.run_prepared(what == kind::writes ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  void commit() {
    in_.run_prepared("COMMIT");
    is_open_ = false;
  }

 private:
  database& in_;
  bool is_open_ = true;
};

/// Bytes to bind that are no text.
struct blob {
  const std::string& bytes;
};

/// A prepared statement in use, reset at the end. Bound text is not copied, and
/// must live until then.
class query {
 public:
  /// `sql` is a literal.
  template <class... Values>
  query(database& in, const char* sql, const Values&... values)
      : statement_(in.prepared(sql)) {
    int index = 0;
    (bind(++index, values), ...);
  }
  query(const query&) = delete;
  query& operator=(const query&) = delete;
  ~query() {
    statement_.tryReset();
    statement_.clearBindings();
  }

  /// Returns whether there is a row, which is the next.
  bool step() { return statement_.executeStep(); }
  void run() { statement_.exec(); }

  [[nodiscard]] std::int64_t number(int column) const {
    return statement_.getColumn(column).getInt64();
  }
  [[nodiscard]] bool is_null(int column) const {
    return statement_.isColumnNull(column);
  }
  [[nodiscard]] std::string text(int column) const;

 private:
  void bind(int index, std::int64_t number) { statement_.bind(index, number); }
  void bind(int index, const std::string& text) {
    statement_.bindNoCopy(index, text);
  }
  void bind(int index, const blob& what) {
    statement_.bindNoCopy(index, what.bytes.data(),
                          static_cast<int>(what.bytes.size()));
  }
  void bind(int index, const std::optional<std::int64_t>& number) {
    number ? statement_.bind(index, *number) : statement_.bind(index);
  }
  void bind(int index, const std::optional<std::string>& text) {
    text ? statement_.bindNoCopy(index, *text) : statement_.bind(index);
  }
  /// Null.
  void bind(int index, std::nullptr_t) { statement_.bind(index); }

  SQLite::Statement& statement_;
};

}  // namespace troupe::detail
