#include "file/schema.hpp"

#include "file/store_error.hpp"

namespace troupe::detail {

namespace {

constexpr auto tables = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shapes(number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE runs(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  flow TEXT NOT NULL,
  version TEXT NOT NULL,
  shape INTEGER NOT NULL,
  status INTEGER NOT NULL,
  how INTEGER NOT NULL,
  parent TEXT NOT NULL,
  parent_key TEXT NOT NULL,
  forked_from TEXT NOT NULL,
  forked_at INTEGER NOT NULL,
  recoveries INTEGER NOT NULL,
  in_vain INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  options TEXT NOT NULL,
  "end" TEXT NOT NULL,
  params TEXT NOT NULL,
  input TEXT NOT NULL);
CREATE INDEX runs_by_status ON runs(status, id);
CREATE INDEX runs_by_end ON runs(flow, ended_ms) WHERE ended_ms > 0;
CREATE TABLE log(
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  number INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  step INTEGER NOT NULL,
  item INTEGER,
  at_ms INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX snapshots ON log(run, address, step, number) WHERE kind = 3;
CREATE TABLE entry_index(
  run INTEGER NOT NULL,
  number INTEGER NOT NULL,
  key INTEGER NOT NULL,
  PRIMARY KEY(run, number)) WITHOUT ROWID;
CREATE TABLE indexed(upto INTEGER NOT NULL);
INSERT INTO indexed(upto) VALUES(0);
CREATE VIEW all_entries AS
  SELECT run, number, key FROM entry_index UNION ALL
  SELECT run, number, key FROM log WHERE key > (SELECT upto FROM indexed);
CREATE TABLE parts(
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  bytes BLOB NOT NULL);
CREATE TABLE uses(
  run INTEGER NOT NULL,
  part INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY(run, part)) WITHOUT ROWID;
CREATE INDEX uses_of_part ON uses(part);
CREATE TABLE purged(id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE leftovers(run INTEGER PRIMARY KEY);
)";

}  // namespace

void create_schema(database& in) {
  in.run("PRAGMA auto_vacuum=INCREMENTAL");
  in.run("PRAGMA journal_mode=WAL");
  transaction all{in, transaction::kind::writes};
  in.run(tables);
  in.run(("PRAGMA application_id=" + std::to_string(application_id)).c_str());
  in.run(("PRAGMA user_version=" + std::to_string(schema_version)).c_str());
  all.commit();
}

bool is_new_store(database& in, const std::string& path) {
  const auto application = in.number("PRAGMA application_id");
  const auto version = in.number("PRAGMA user_version");
  if (application == 0 && version == 0 &&
      in.number("SELECT count(*) FROM sqlite_schema") == 0) {
    return true;
  }
  if (application != application_id) {
    throw store_error(path,
                      "is a database of another program; name another file");
  }
  if (version > schema_version) {
    throw store_error(path, "has schema version " + std::to_string(version) +
                                ", and this program knows " +
                                std::to_string(schema_version) +
                                "; use a newer program");
  }
  if (version < schema_version) {
    throw store_error(path, "has schema version " + std::to_string(version) +
                                ", which does not exist; restore a backup");
  }
  return false;
}

std::string read_meta(database& in, const std::string& key) {
  query asked{in, "SELECT value FROM meta WHERE key = ?", key};
  return asked.step() ? asked.text(0) : std::string{};
}

void write_meta(database& in, const std::string& key,
                const std::string& value) {
  query{in, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", key, value}
      .run();
}

}  // namespace troupe::detail
