#pragma once

#include "file/database.hpp"

#include <troupe/clock.hpp>
#include <troupe/store/sqlite.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::detail {

// Each of these is one transaction, and ends at about `until`. What a run
// leaves that is too much for one is noted in the table `leftovers`, and no
// reader finds it any more.

/// Deletes the runs with these numbers, but for those for which there is no
/// time, which stay in `runs`. Returns how many it deleted.
std::uint64_t remove_runs(database& in, std::vector<std::int64_t>& runs,
                          std::int64_t now_ms, time_point until);
/// Deletes of what runs left. Returns whether there is more.
bool remove_leftovers(database& in, time_point until);
/// Deletes the history of a run before the last of its snapshots that holds
/// step `step` at most. Returns whether there is more.
bool remove_history(database& in, std::int64_t run, std::int64_t step,
                    time_point until);

/// The numbers of some of the runs, at most `count`, that the rules do not
/// keep.
[[nodiscard]] std::vector<std::int64_t> expired_runs(
    database& in, const std::map<std::string, retention_rule>& rules,
    std::int64_t now_ms, std::size_t count);

}  // namespace troupe::detail
