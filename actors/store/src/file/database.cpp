#include "file/database.hpp"

#include <sqlite3.h>

namespace troupe::detail {

namespace {

constexpr int busy_ms = 2'000;

int flags_of(access_to_store access) noexcept {
  const int how = access == access_to_store::writes ? SQLite::OPEN_READWRITE
                                                    : SQLite::OPEN_READONLY;
  return how | SQLite::OPEN_NOMUTEX;
}

}  // namespace

database::database(const std::string& path, access_to_store access,
                   const std::string& vfs)
    : db_(path.c_str(), flags_of(access), busy_ms,
          vfs.empty() ? nullptr : vfs.c_str()) {
  sqlite3_extended_result_codes(handle(), 1);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  run("PRAGMA cell_size_check=ON");
  run("PRAGMA temp_store=MEMORY");
  run("PRAGMA wal_autocheckpoint=0");
  if (access == access_to_store::reads) {
    abandon();
    run("PRAGMA query_only=ON");
  } else {
    run("PRAGMA synchronous=FULL");
    run("PRAGMA secure_delete=FAST");
    run("PRAGMA cache_size=-16000");
    run("PRAGMA journal_size_limit=8388608");
  }
}

void database::abandon() noexcept {
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

SQLite::Statement& database::prepared(const char* sql) {
  auto& place = prepared_[sql];
  if (!place) place = std::make_unique<SQLite::Statement>(db_, sql);
  return *place;
}

void database::run_prepared(const char* sql) { query{*this, sql}.run(); }

std::int64_t database::number(const char* sql) {
  query asked{*this, sql};
  return asked.step() ? asked.number(0) : 0;
}

transaction::~transaction() {
  if (!is_open_ || sqlite3_get_autocommit(in_.handle()) != 0) return;
  // It fails only where SQLite has rolled back by itself.
  sqlite3_exec(in_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

std::string query::text(int column) const {
  const auto found = statement_.getColumn(column);
  const auto* bytes = static_cast<const char*>(found.getBlob());
  const int size = found.getBytes();
  return bytes == nullptr ? std::string{}
                          : std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace troupe::detail
