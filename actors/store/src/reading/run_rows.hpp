#pragma once

#include "file/database.hpp"
#include "file/entry_index.hpp"

#include <troupe/store/log_entry.hpp>
#include <troupe/store/run_record.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// A row of `runs`, with what its log tells of it.
struct run_row {
  std::int64_t number = 0;
  /// The number of its last entry; 0 if there is none.
  std::int64_t last = 0;
  /// The steps in its log, without `base`, which are those before.
  std::int64_t steps = 0;
  std::int64_t base = 0;
  run_record record{};
};

/// A run by its id. `rest` has seen the transaction.
/// Errors: throws `SQLite::Exception`, and `errc::store_failed` for a row that
/// cannot be.
[[nodiscard]] std::optional<run_row> find_run(database& in,
                                              const unindexed_entries& rest,
                                              const std::string& id);
/// Those that `what` selects, in the order of their ids.
[[nodiscard]] std::vector<run_record> list_runs(database& in,
                                                const unindexed_entries& rest,
                                                const run_query& what);
/// The numbers of runs that have ended and that `what` selects, at most `count`
/// of them. Its `limit` and `after` do not matter.
[[nodiscard]] std::vector<std::int64_t> ended_runs(database& in,
                                                   const run_query& what,
                                                   std::size_t count);

/// The columns of `log` that `read_entry` expects.
#define TROUPE_ENTRY_COLUMNS \
  "l.number, l.kind, l.step, l.item, l.at_ms, l.address, l.name, l.body"
[[nodiscard]] stored_entry read_entry(const query& row);

}  // namespace troupe::detail
