#include "reading/run_rows.hpp"

#include <troupe/error.hpp>
#include <troupe/json.hpp>
#include <troupe/json_text.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {

#define TROUPE_RUN_COLUMNS                                              \
  "SELECT r.number, r.id, r.flow, r.version, s.text, r.status, r.how, " \
  "r.parent, r.parent_key, r.forked_from, r.forked_at, r.recoveries, "  \
  "r.in_vain, r.steps, r.created_ms, r.updated_ms, r.ended_ms, "        \
  "r.deadline_ms, r.options, r.\"end\", r.params, r.input, "            \
  "l.number, l.steps, l.at_ms "                                         \
  "FROM runs r LEFT JOIN shapes s ON s.number = r.shape "               \
  "LEFT JOIN log l ON l.key = (SELECT e.key FROM entry_index e WHERE "  \
  "e.run = r.number ORDER BY e.number DESC LIMIT 1) "

// One parameter each; null selects all.
#define TROUPE_RUN_FILTER                                           \
  "(?1 IS NULL OR r.flow = ?1) AND (?2 IS NULL OR r.version = ?2) " \
  "AND (?3 >> r.status) & 1 AND (?4 IS NULL OR r.created_ms < ?4) " \
  "AND (?5 IS NULL OR r.created_ms > ?5) "                          \
  "AND (?6 IS NULL OR (r.ended_ms > 0 AND r.ended_ms < ?6)) "       \
  "AND (?7 IS NULL OR instr(r.\"end\", ?7) > 0) "

run_row read_run(const query& row, const unindexed_entries& rest) {
  run_row result;
  result.number = row.number(0);
  auto& run = result.record;
  run.id = row.text(1);
  run.flow = row.text(2);
  run.version = row.text(3);
  run.shape = row.text(4);
  const auto status = row.number(5);
  const auto how = row.number(6);
  if (status < 0 || status > static_cast<int>(run_status::cancelled) ||
      how < 0 || how > static_cast<int>(durability::full)) {
    throw error{errc::store_failed,
                "the run '" + run.id +
                    "' has a status that does not exist; "
                    "check the store, and restore a backup"};
  }
  run.status = static_cast<run_status>(status);
  run.how = static_cast<durability>(how);
  run.parent = row.text(7);
  run.parent_key = row.text(8);
  run.forked_from = row.text(9);
  run.forked_at = static_cast<std::uint64_t>(row.number(10));
  run.recoveries = static_cast<std::uint32_t>(row.number(11));
  run.recoveries_in_vain = static_cast<std::uint32_t>(row.number(12));
  result.base = row.number(13);
  run.created_ms = row.number(14);
  run.ended_ms = row.number(16);
  run.deadline_ms = row.number(17);
  run.options = row.text(18);
  run.end = row.text(19);
  run.params.text = row.text(20);
  run.input.text = row.text(21);
  result.last = row.number(22);
  result.steps = row.number(23);
  auto last_ms = row.number(24);
  if (const auto* newer = rest.find(result.number)) {
    result.last = newer->places.back().number;
    result.steps = newer->steps;
    last_ms = newer->at_ms;
  }
  run.updated_ms = std::max(row.number(15), last_ms);
  run.steps = static_cast<std::uint64_t>(result.base + result.steps);
  return result;
}

/// The values that the parameters of the filter are bound to.
struct run_filter {
  explicit run_filter(const run_query& what, std::int64_t allowed)
      : flow(what.flow),
        version(what.version),
        created_before(what.created_before_ms),
        created_after(what.created_after_ms),
        ended_before(what.ended_before_ms) {
    if (!what.statuses.empty()) statuses = 0;
    for (const auto each : what.statuses) {
      statuses |= std::int64_t{1} << static_cast<int>(each);
    }
    statuses &= allowed;
    if (what.failure) {
      // As it is written within a text of JSON.
      const auto text = write_json(json(*what.failure), bad_text::replaced);
      failure = text.substr(1, text.size() - 2);
    }
  }

  std::optional<std::string> flow;
  std::optional<std::string> version;
  std::optional<std::int64_t> created_before;
  std::optional<std::int64_t> created_after;
  std::optional<std::int64_t> ended_before;
  std::optional<std::string> failure{};
  std::int64_t statuses = 255;
};

constexpr std::int64_t statuses_over =
    255 & ~((std::int64_t{1} << static_cast<int>(run_status::finished)) - 1);

}  // namespace

std::optional<run_row> find_run(database& in, const unindexed_entries& rest,
                                const std::string& id) {
  query asked{in, TROUPE_RUN_COLUMNS "WHERE r.id = ?", id};
  if (!asked.step()) return std::nullopt;
  return read_run(asked, rest);
}

std::vector<run_record> list_runs(database& in, const unindexed_entries& rest,
                                  const run_query& what) {
  const run_filter filter{what, 255};
  const auto limit = static_cast<std::int64_t>(
      std::min<std::size_t>(std::max<std::size_t>(what.limit, 1), 1'000'000));
  query asked{in,
              TROUPE_RUN_COLUMNS "WHERE " TROUPE_RUN_FILTER
                                 "AND r.id > ?8 ORDER BY r.id LIMIT ?9",
              filter.flow,
              filter.version,
              filter.statuses,
              filter.created_before,
              filter.created_after,
              filter.ended_before,
              filter.failure,
              what.after,
              limit};
  std::vector<run_record> found;
  while (asked.step()) found.push_back(read_run(asked, rest).record);
  return found;
}

std::vector<std::int64_t> ended_runs(database& in, const run_query& what,
                                     std::size_t count) {
  const run_filter filter{what, statuses_over};
  query asked{in,
              "SELECT r.number FROM runs r WHERE r.status >= 3 "
              "AND " TROUPE_RUN_FILTER "LIMIT ?8",
              filter.flow,
              filter.version,
              filter.statuses,
              filter.created_before,
              filter.created_after,
              filter.ended_before,
              filter.failure,
              static_cast<std::int64_t>(count)};
  std::vector<std::int64_t> found;
  while (asked.step()) found.push_back(asked.number(0));
  return found;
}

stored_entry read_entry(const query& row) {
  stored_entry result;
  result.number = static_cast<std::uint64_t>(row.number(0));
  const auto kind = log_entry_kind(row.number(1));
  if (!kind) {
    throw error{errc::store_failed,
                "entry " + std::to_string(result.number) +
                    " has a kind that does not exist; check the store, and "
                    "restore a backup"};
  }
  result.entry.what = *kind;
  result.entry.step = static_cast<std::uint64_t>(row.number(2));
  if (!row.is_null(3)) {
    result.entry.index = static_cast<std::uint64_t>(row.number(3));
  }
  result.at_ms = row.number(4);
  result.entry.address = row.text(5);
  result.entry.name = row.text(6);
  result.entry.body.text = row.text(7);
  return result;
}

}  // namespace troupe::detail
