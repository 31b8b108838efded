#include "file/schema.hpp"
#include "file/store_error.hpp"
#include "file/store_place.hpp"
#include "reading/sqlite_reader.hpp"

#include <troupe/printable.hpp>
#include <troupe/store/store_file.hpp>

#include <SQLiteCpp/Exception.h>
#include <utility>

namespace troupe {

namespace detail {

namespace {

constexpr std::size_t findings_max = 100;

/// Collects what does not fit together.
class store_check {
 public:
  explicit store_check(database& in) : in_(in) {}

  std::vector<std::string> findings() && { return std::move(found_); }

  void pages() {
    query check{in_, "PRAGMA integrity_check(100)"};
    while (check.step()) {
      if (check.text(0) != "ok") add("the file: " + check.text(0));
    }
  }

  /// Entries follow each other without a gap, from the first that is kept.
  void logs() {
    query log{
        in_,
        "SELECT e.run, e.number, l.kind, l.address, r.id FROM all_entries e "
        "LEFT JOIN log l ON l.key = e.key AND l.run = e.run AND "
        "l.number = e.number LEFT JOIN runs r ON r.number = e.run "
        "WHERE e.run NOT IN (SELECT run FROM leftovers) "
        "ORDER BY e.run, e.number"};
    std::int64_t run = 0;
    std::int64_t last = 0;
    while (log.step() && has_room()) {
      const auto number = log.number(1);
      const bool begins = log.number(0) != run;
      const auto entry =
          "entry " + std::to_string(number) + " of the run '" +
          (log.is_null(4) ? std::to_string(log.number(0)) : log.text(4)) + "'";
      if (begins && log.is_null(4)) add(entry + ": there is no such run");
      if (begins && number != 1 &&
          (log.number(2) != 3 || !log.text(3).empty())) {
        add(entry + ": the first one is no snapshot");
      }
      if (!begins && number != last + 1) {
        add(entry + ": the one before it is missing");
      }
      if (log.is_null(2)) {
        add(entry + ": it is missing");
      } else if (!log_entry_kind(log.number(2))) {
        add(entry + ": unknown kind");
      }
      run = log.number(0);
      last = number;
    }
    rows(
        "SELECT r.id, l.number FROM log l JOIN runs r ON r.number = l.run "
        "WHERE l.key <= (SELECT upto FROM indexed) AND NOT EXISTS(SELECT 1 "
        "FROM entry_index e WHERE e.run = l.run AND e.number = l.number AND "
        "e.key = l.key)",
        "no index knows the entry ");
  }

  void parts() {
    query part{in_, "SELECT number, hash, bytes FROM parts"};
    while (part.step() && has_room()) {
      if (hash_of(part.text(2)) != part.text(1)) {
        add("the part '" + part.text(1) + "': its bytes have another hash");
      }
    }
    rows(
        "SELECT r.id, u.part FROM uses u JOIN runs r ON r.number = u.run "
        "WHERE u.part NOT IN (SELECT number FROM parts)",
        "a part that it uses is missing: number ");
    rows(
        "SELECT hash, number FROM parts WHERE number NOT IN "
        "(SELECT part FROM uses)",
        "no run uses the part, number ");
    rows(
        "SELECT r.id, r.shape FROM runs r WHERE r.shape NOT IN "
        "(SELECT number FROM shapes)",
        "the shape of its flow is missing: number ");
  }

 private:
  [[nodiscard]] bool has_room() const noexcept {
    return found_.size() < findings_max;
  }
  void add(const std::string& what) {
    if (has_room()) found_.push_back(printable(what));
  }
  void rows(const char* sql, const std::string& what) {
    query asked{in_, sql};
    while (asked.step() && has_room()) {
      add("'" + asked.text(0) + "': " + what + std::to_string(asked.number(1)));
    }
  }

  database& in_;
  std::vector<std::string> found_;
};

}  // namespace

}  // namespace detail

std::vector<std::string> check_store(const std::filesystem::path& file) {
  const auto path = detail::store_path(file);
  detail::sqlite_reader reader{path, {}};
  detail::store_check check{reader.connection()};
  try {
    check.pages();
    detail::transaction all{reader.connection(),
                            detail::transaction::kind::reads};
    check.logs();
    check.parts();
  } catch (const SQLite::Exception& why) {
    auto found = std::move(check).findings();
    found.push_back(detail::store_error(path, why).message());
    return found;
  }
  return std::move(check).findings();
}

}  // namespace troupe
