#include "writing/run_log.hpp"

#include "file/store_error.hpp"
#include "reading/run_rows.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <limits>

namespace troupe::detail {

namespace {

constexpr std::size_t known_max = 65'536;
constexpr std::size_t shapes_max = 1'000;
/// Of parts that a run names outside of its log: they stay as long as it does.
constexpr std::int64_t as_long_as_run =
    std::numeric_limits<std::int64_t>::max();
/// The bytes that a row takes besides its texts, roughly.
constexpr std::int64_t row_bytes = 24;

std::int64_t size_of(const std::string& text) noexcept {
  return static_cast<std::int64_t>(text.size());
}

/// Refuses numbers that the file cannot hold.
void check_entries(const std::string& path, const std::string& run,
                   const std::vector<log_entry>& entries) {
  constexpr auto most =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  for (const auto& entry : entries) {
    if (entry.step <= most && entry.index <= most) continue;
    throw store_error(path, "cannot take an entry of the run '" +
                                printable(run) +
                                "' whose step or item is more than 2^63; this "
                                "is a fault of the program");
  }
}

}  // namespace

void run_log::keep() {
  before_.clear();
  if (known_.size() > known_max) known_.clear();
}

void run_log::undo() {
  while (!before_.empty()) {
    auto& [id, was] = before_.back();
    if (was) {
      known_[id] = *was;
    } else {
      known_.erase(id);
    }
    before_.pop_back();
  }
  index_.forget();
  // They may have been made by the transaction.
  shapes_.clear();
  snapshots_.clear();
}

void run_log::forget() {
  index_.forget();
  before_.clear();
  known_.clear();
  shapes_.clear();
}

std::string run_log::safe_up_to(const std::string& run) {
  std::string text{"; the run '"};
  text += printable(run);
  const auto found = known_.find(run);
  if (found == known_.end()) return text + "' is as it was before";
  return text + "' is safe up to its step " +
         std::to_string(found->second.base + found->second.steps);
}

void run_log::remember(const std::string& id) {
  const auto found = known_.find(id);
  before_.emplace_back(id, found == known_.end()
                               ? std::nullopt
                               : std::optional<known_run>{found->second});
}

run_log::known_run& run_log::known(const std::string& id) {
  if (const auto found = known_.find(id); found != known_.end()) {
    return found->second;
  }
  index_.add_all(file_.connection());
  const auto row = find_run(file_.connection(), {}, id);
  if (!row) {
    throw store_error(file_.path(), "has no run '" + printable(id) +
                                        "'; begin it first, as it may have "
                                        "been purged");
  }
  known_run run;
  run.number = row->number;
  run.last = row->last;
  run.uncounted = row->last;
  run.steps = row->steps;
  run.base = row->base;
  run.in_vain = row->record.recoveries_in_vain != 0;
  return known_.emplace(id, run).first->second;
}

void run_log::refuse_gap(const run_commit& what) {
  if (broken_.empty() || !broken_.contains(what.run)) return;
  const auto& change = what.change;
  if (change.recovers || change.status == run_status::running) {
    broken_.erase(what.run);
    return;
  }
  // Without new entries, it may still be put away.
  if (what.entries.empty() && change.status != run_status::finished) return;
  throw store_error(file_.path(), "failed in an earlier commit of the run '" +
                                      printable(what.run) +
                                      "', so that this one would leave a gap; "
                                      "resume the run");
}

void run_log::commit(const run_commit& what, std::int64_t now_ms) {
  refuse_gap(what);
  auto& run = known(what.run);
  check_entries(file_.path(), what.run, what.entries);
  remember(what.run);
  if (!what.entries.empty()) {
    run.steps += static_cast<std::int64_t>(what.change.steps_more);
  }
  write_entries(run, what.entries, now_ms);
  write_change(run, what, now_ms);
}

void run_log::write_entries(known_run& run,
                            const std::vector<log_entry>& entries,
                            std::int64_t now_ms) {
  for (const auto& entry : entries) write_entry(run, entry, now_ms);
}

void run_log::write_entry(known_run& run, const log_entry& entry,
                          std::int64_t now_ms) {
  const auto number = ++run.last;
  const auto step = static_cast<std::int64_t>(entry.step);
  std::optional<std::int64_t> item;
  if (entry.index != log_entry::no_index) {
    item = static_cast<std::int64_t>(entry.index);
  }
  query{file_.connection(),
        "INSERT INTO log(key, run, number, kind, step, item, at_ms, steps, "
        "address, name, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        index_.next_key(file_.connection(), run.round),
        run.number,
        number,
        static_cast<std::int64_t>(entry.what),
        step,
        item,
        now_ms,
        run.steps,
        entry.address,
        entry.name,
        entry.body.text}
      .run();
  run.bytes += row_bytes + size_of(entry.address) + size_of(entry.name) +
               size_of(entry.body.text);
  if (!entry.body.parts.empty()) write_parts(run, entry.body, number);
  if (entry.what == log_entry::kind::snapshot && entry.address.empty()) {
    snapshots_.emplace_back(run.number, step);
  }
}

void run_log::write_parts(known_run& run, const stored_text& text,
                          std::int64_t last) {
  auto& in = file_.connection();
  for (const auto& part : text.parts) {
    std::optional<std::int64_t> number;
    {
      query asked{in, "SELECT number FROM parts WHERE hash = ?", part.hash};
      if (asked.step()) number = asked.number(0);
    }
    if (!number) {
      query{in, "INSERT INTO parts(hash, bytes) VALUES(?, ?)", part.hash,
            blob{part.bytes}}
          .run();
      number = in.last_row();
    }
    query{in,
          "INSERT INTO uses(run, part, last) VALUES(?, ?, ?) ON CONFLICT DO "
          "UPDATE SET last = max(last, excluded.last)",
          run.number, *number, last}
        .run();
    run.other_bytes += size_of(part.bytes);
  }
}

void run_log::write_change(known_run& run, const run_commit& what,
                           std::int64_t now_ms) {
  const auto& change = what.change;
  if (change.version || change.shape) {
    std::optional<std::int64_t> shape;
    if (change.shape) shape = shape_number(*change.shape);
    query{file_.connection(),
          "UPDATE runs SET version = ifnull(?1, version), "
          "shape = ifnull(?2, shape) WHERE number = ?3",
          change.version, shape, run.number}
        .run();
  }
  const std::int64_t base_more =
      what.entries.empty() ? static_cast<std::int64_t>(change.steps_more) : 0;
  if (!change.status && !change.end && !change.recovers && base_more == 0 &&
      !(change.clears_recoveries && run.in_vain)) {
    return;
  }
  std::optional<std::int64_t> status;
  std::int64_t ended_ms = 0;
  std::optional<std::int64_t> bytes;
  if (change.status) {
    status = static_cast<std::int64_t>(*change.status);
    if (is_over(*change.status)) {
      ended_ms = std::max<std::int64_t>(now_ms, 1);
      bytes = bytes_of_run(run);
    }
  }
  query{file_.connection(),
        "UPDATE runs SET status = ifnull(?1, status), "
        "\"end\" = ifnull(?2, \"end\"), recoveries = recoveries + ?3, "
        "in_vain = iif(?4, 0, in_vain + ?3), steps = steps + ?5, "
        "updated_ms = ?6, ended_ms = iif(?1 IS NULL, ended_ms, ?7), "
        "bytes = ifnull(?8, bytes) WHERE number = ?9",
        status,
        change.end,
        static_cast<std::int64_t>(change.recovers),
        static_cast<std::int64_t>(change.clears_recoveries),
        base_more,
        now_ms,
        ended_ms,
        bytes,
        run.number}
      .run();
  run.base += base_more;
  if (change.recovers) run.in_vain = true;
  if (change.clears_recoveries) run.in_vain = false;
}

// All entries were indexed when the first ones were left uncounted.
std::int64_t run_log::bytes_of_run(const known_run& run) {
  if (run.uncounted == 0) return run.bytes + run.other_bytes;
  query asked{file_.connection(),
              "SELECT ifnull((SELECT sum(length(CAST(l.body AS BLOB)) + "
              "length(l.address) + length(l.name) + ?2) FROM entry_index e "
              "CROSS JOIN log l ON l.key = e.key WHERE e.run = ?1 AND "
              "e.number <= ?3), 0) + "
              "ifnull((SELECT sum(length(p.bytes)) FROM uses u JOIN parts p ON "
              "p.number = u.part WHERE u.run = ?1), 0) + "
              "(SELECT length(CAST(input AS BLOB)) + "
              "length(CAST(params AS BLOB)) FROM runs WHERE number = ?1)",
              run.number, row_bytes, run.uncounted};
  return asked.step() ? asked.number(0) + run.bytes : 0;
}

std::int64_t run_log::shape_number(const std::string& shape) {
  if (const auto found = shapes_.find(shape); found != shapes_.end()) {
    return found->second;
  }
  auto& in = file_.connection();
  std::optional<std::int64_t> number;
  {
    query asked{in, "SELECT number FROM shapes WHERE text = ?", shape};
    if (asked.step()) number = asked.number(0);
  }
  if (!number) {
    query{in, "INSERT INTO shapes(text) VALUES(?)", shape}.run();
    number = in.last_row();
  }
  if (shapes_.size() >= shapes_max) shapes_.clear();
  shapes_.emplace(shape, *number);
  return *number;
}

std::optional<begun_run> run_log::find_begun(const run_record& what) {
  auto& in = file_.connection();
  begun_run result;
  bool is_known = false;
  {
    query asked{in, "SELECT 1 FROM runs WHERE id = ?", what.id};
    is_known = asked.step();
  }
  if (is_known) {
    index_.add_all(file_.connection());
    auto there = find_run(in, {}, what.id);
    const auto& other = there->record;
    const bool is_same = other.flow == what.flow &&
                         other.input.text == what.input.text &&
                         other.params.text == what.params.text;
    result.how = is_same ? begun_run::kind::known : begun_run::kind::conflict;
    result.there = std::move(there->record);
    return result;
  }
  query asked{in, "SELECT 1 FROM purged WHERE id = ?", what.id};
  if (!asked.step()) return std::nullopt;
  result.how = begun_run::kind::purged;
  return result;
}

std::int64_t run_log::insert_run(const run_record& what, std::int64_t now_ms) {
  auto& in = file_.connection();
  const std::int64_t created = what.created_ms == 0 ? now_ms : what.created_ms;
  const std::int64_t ended =
      is_over(what.status) && what.ended_ms == 0 ? now_ms : what.ended_ms;
  query{in,
        "INSERT INTO runs(id, flow, version, shape, status, how, parent, "
        "parent_key, forked_from, forked_at, recoveries, in_vain, steps, "
        "created_ms, updated_ms, ended_ms, deadline_ms, bytes, options, "
        "\"end\", params, input) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, 0, ?, ?, ?, ?)",
        what.id,
        what.flow,
        what.version,
        shape_number(what.shape),
        static_cast<std::int64_t>(what.status),
        static_cast<std::int64_t>(what.how),
        what.parent,
        what.parent_key,
        what.forked_from,
        static_cast<std::int64_t>(what.forked_at),
        std::int64_t{what.recoveries},
        std::int64_t{what.recoveries_in_vain},
        static_cast<std::int64_t>(what.steps),
        created,
        now_ms,
        ended,
        what.deadline_ms,
        what.options,
        what.end,
        what.params.text,
        what.input.text}
      .run();
  return in.last_row();
}

begun_run run_log::begin(const run_begin& what, std::int64_t now_ms) {
  if (what.what.id.empty()) {
    throw store_error(file_.path(),
                      "cannot take a run without an id; give it "
                      "one");
  }
  check_entries(file_.path(), what.what.id, what.first);
  if (auto there = find_begun(what.what)) return std::move(*there);
  remember(what.what.id);
  known_run run;
  run.number = insert_run(what.what, now_ms);
  run.base = static_cast<std::int64_t>(what.what.steps);
  run.in_vain = what.what.recoveries_in_vain != 0;
  run.other_bytes =
      size_of(what.what.input.text) + size_of(what.what.params.text);
  write_parts(run, what.what.input, as_long_as_run);
  write_parts(run, what.what.params, as_long_as_run);
  write_entries(run, what.first, now_ms);
  known_.insert_or_assign(what.what.id, run);
  broken_.erase(what.what.id);
  return {};
}

}  // namespace troupe::detail
