#include "durable/bare_sqlite.hpp"

#include "measure.hpp"

#include <algorithm>
#include <sqlite3.h>
#include <stdexcept>
#include <string>

namespace troupe::bench {

namespace {

/// A connection with the statements of the loop.
///
/// Thread safety: confined to one thread.
class bare_file {
 public:
  explicit bare_file(const std::filesystem::path& file) {
    check(sqlite3_open(file.c_str(), &db_));
  }
  bare_file(const bare_file&) = delete;
  bare_file& operator=(const bare_file&) = delete;
  ~bare_file() {
    for (auto* each : {begin_, insert_, commit_}) sqlite3_finalize(each);
    sqlite3_close(db_);
  }

  void prepare(durability sync) {
    run("PRAGMA journal_mode=WAL");
    run(sync == durability::full ? "PRAGMA synchronous=FULL"
                                 : "PRAGMA synchronous=NORMAL");
    run("PRAGMA wal_autocheckpoint=2000");
    run("CREATE TABLE log(key INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    prepare("BEGIN IMMEDIATE", &begin_);
    prepare("INSERT INTO log(body) VALUES(?)", &insert_);
    prepare("COMMIT", &commit_);
  }
  void begin() { step(begin_); }
  void insert(const std::string& body) {
    check(sqlite3_bind_text(insert_, 1, body.data(),
                            static_cast<int>(body.size()), SQLITE_STATIC));
    step(insert_);
  }
  void commit() { step(commit_); }

 private:
  void run(const char* sql) {
    check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
  }
  void prepare(const char* sql, sqlite3_stmt** into) {
    check(sqlite3_prepare_v2(db_, sql, -1, into, nullptr));
  }
  void step(sqlite3_stmt* what) {
    if (sqlite3_step(what) != SQLITE_DONE) check(SQLITE_ERROR);
    check(sqlite3_reset(what));
  }
  void check(int status) const {
    if (status != SQLITE_OK) throw std::runtime_error{sqlite3_errmsg(db_)};
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
};

}  // namespace

double bare_us_per_row(const std::filesystem::path& file,
                       const bare_commits& what) {
  bare_file to{file};
  to.prepare(what.sync);
  const std::string body(what.bytes, 'x');
  const double before = now_ns();
  for (std::int64_t at = 0; at < what.rows;) {
    const auto end = std::min(what.rows, at + what.rows_at_once);
    to.begin();
    for (; at < end; ++at) to.insert(body);
    to.commit();
  }
  return (now_ns() - before) / 1e3 / static_cast<double>(what.rows);
}

}  // namespace troupe::bench
