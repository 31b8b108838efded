#include "writing/run_removal.hpp"

#include "file/entry_index.hpp"

#include <chrono>
#include <limits>
#include <optional>

namespace troupe::detail {

namespace {

/// Entries that are deleted without a look at the clock.
constexpr std::int64_t entries_at_once = 500;

bool has_time(time_point until) noexcept {
  return clock::steady().now() < until;
}

void remove_part_if_unused(database& in, std::int64_t part) {
  query{in,
        "DELETE FROM parts WHERE number = ?1 AND NOT EXISTS(SELECT 1 FROM uses "
        "WHERE part = ?1)",
        part}
      .run();
}

/// Deletes uses of a run that end before entry `before`, or all. Returns
/// whether there is more.
bool remove_uses(database& in, std::int64_t run,
                 std::optional<std::int64_t> before, time_point until) {
  std::vector<std::int64_t> parts;
  for (;;) {
    parts.clear();
    {
      query asked{
          in,
          "SELECT part FROM uses WHERE run = ?1 AND (?2 IS NULL OR last < ?2) "
          "LIMIT 100",
          run, before};
      while (asked.step()) parts.push_back(asked.number(0));
    }
    for (const auto part : parts) {
      query{in, "DELETE FROM uses WHERE run = ? AND part = ?", run, part}.run();
      remove_part_if_unused(in, part);
    }
    if (parts.empty()) return false;
    if (!has_time(until)) return true;
  }
}

/// Deletes entries of a run before entry `before`, or all, the first ones
/// first, so that what is left has no gap. Returns whether there are more.
bool remove_entries(database& in, std::int64_t run,
                    std::optional<std::int64_t> before, time_point until) {
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    std::int64_t upto = 0;
    {
      query asked{in,
                  "SELECT max(number) FROM (SELECT number FROM entry_index "
                  "WHERE run = ? AND number < ? ORDER BY number LIMIT ?)",
                  run, before.value_or(last), entries_at_once};
      if (!asked.step() || asked.is_null(0)) return false;
      upto = asked.number(0);
    }
    query{in,
          "DELETE FROM log WHERE key IN (SELECT key FROM entry_index WHERE "
          "run = ? AND number <= ?)",
          run, upto}
        .run();
    query{in, "DELETE FROM entry_index WHERE run = ? AND number <= ?", run,
          upto}
        .run();
    if (!has_time(until)) return true;
  }
}

bool remove_content(database& in, std::int64_t run, time_point until) {
  return remove_entries(in, run, std::nullopt, until) ||
         remove_uses(in, run, std::nullopt, until);
}

void remove_run(database& in, std::int64_t run, std::int64_t now_ms,
                time_point until) {
  query{in,
        "INSERT OR REPLACE INTO purged(id, at_ms) SELECT id, ? FROM runs WHERE "
        "number = ?",
        now_ms, run}
      .run();
  query{in, "DELETE FROM runs WHERE number = ?", run}.run();
  if (remove_content(in, run, until)) {
    query{in, "INSERT OR IGNORE INTO leftovers(run) VALUES(?)", run}.run();
  }
}

void add_expired(database& in, const std::string& flow,
                 const retention_rule& rule, std::int64_t now_ms,
                 std::size_t count, std::vector<std::int64_t>& expired) {
  std::int64_t ended_after = std::numeric_limits<std::int64_t>::min();
  if (rule.age) {
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(*rule.age);
    ended_after = now_ms - static_cast<std::int64_t>(age.count());
  }
  query asked{
      in,
      "SELECT number, ended_ms, bytes FROM runs WHERE flow = ? AND "
      "ended_ms > 0 AND status >= 3 ORDER BY ended_ms DESC, number DESC",
      flow};
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  while (expired.size() < count && asked.step()) {
    ++number;
    bytes += static_cast<std::uint64_t>(asked.number(2));
    const bool is_kept = asked.number(1) > ended_after &&
                         (!rule.count || number <= *rule.count) &&
                         (!rule.bytes || bytes <= *rule.bytes);
    if (!is_kept) expired.push_back(asked.number(0));
  }
}

}  // namespace

std::uint64_t remove_runs(database& in, std::vector<std::int64_t>& runs,
                          std::int64_t now_ms, time_point until) {
  transaction all{in, transaction::kind::writes};
  index_entries(in);
  std::uint64_t count = 0;
  do {
    if (runs.empty()) break;
    remove_run(in, runs.back(), now_ms, until);
    runs.pop_back();
    ++count;
  } while (has_time(until));
  all.commit();
  return count;
}

bool remove_leftovers(database& in, time_point until) {
  transaction all{in, transaction::kind::writes};
  bool has_more = true;
  do {
    const auto run = in.number("SELECT run FROM leftovers LIMIT 1");
    if (run == 0) {
      has_more = false;
      break;
    }
    if (remove_content(in, run, until)) break;
    query{in, "DELETE FROM leftovers WHERE run = ?", run}.run();
  } while (has_time(until));
  all.commit();
  return has_more;
}

bool remove_history(database& in, std::int64_t run, std::int64_t step,
                    time_point until) {
  std::int64_t base = 0;
  {
    query asked{in,
                "SELECT number FROM log WHERE kind = 3 AND run = ? AND "
                "address = '' AND step <= ? ORDER BY step DESC, number DESC "
                "LIMIT 1",
                run, step};
    if (!asked.step()) return false;
    base = asked.number(0);
  }
  transaction all{in, transaction::kind::writes};
  index_entries(in);
  const bool has_more =
      remove_entries(in, run, base, until) || remove_uses(in, run, base, until);
  all.commit();
  return has_more;
}

std::vector<std::int64_t> expired_runs(
    database& in, const std::map<std::string, retention_rule>& rules,
    std::int64_t now_ms, std::size_t count) {
  std::vector<std::int64_t> expired;
  if (rules.empty()) return expired;
  std::vector<std::string> flows;
  {
    query asked{in, "SELECT DISTINCT flow FROM runs WHERE ended_ms > 0"};
    while (asked.step()) flows.push_back(asked.text(0));
  }
  for (const auto& flow : flows) {
    auto rule = rules.find(flow);
    if (rule == rules.end()) rule = rules.find("");
    if (rule == rules.end()) continue;
    add_expired(in, flow, rule->second, now_ms, count, expired);
  }
  return expired;
}

}  // namespace troupe::detail
