#pragma once

#include <troupe/clock.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The bounds of what a store keeps of the ended runs of one flow; absent means
/// no bound. Runs that have not ended are always kept.
struct retention {
  /// The longest time since the end of a run.
  std::optional<duration> max_age{};
  /// The maximum number of runs; the latest are kept.
  std::optional<std::uint64_t> max_runs{};
  /// The maximum number of bytes of all of them together; the latest are kept.
  std::optional<std::uint64_t> max_bytes{};
};

namespace detail {

/// A run that has ended, as its retention sees it.
struct ended_run {
  std::string id{};
  std::string flow{};
  /// In milliseconds since 1970.
  std::int64_t ended_ms = 0;
  std::uint64_t bytes = 0;
};

/// Returns the ids of the runs to purge, those that ended first at the front.
/// `rule` gives the retention of a flow. A run that ended in the future, before
/// the clock was set back, has no age yet.
[[nodiscard]] std::vector<std::string> runs_to_purge(
    std::vector<ended_run> runs, std::int64_t now_ms,
    const std::function<retention(std::string_view flow)>& rule);

/// A snapshot of a run itself: the number of its entry, and the last step that
/// it holds.
struct snapshot_place {
  std::uint64_t number = 0;
  std::uint64_t step = 0;
};

/// Returns the number of the first entry of a run that its history needs, if
/// the last `history_max` of its `steps` steps are to be kept: that of the last
/// snapshot that holds none of the steps after the first of them. Entries
/// before it may go, but for events. 0 if all are needed.
[[nodiscard]] std::uint64_t first_entry_to_keep(
    const std::vector<snapshot_place>& snapshots, std::uint64_t steps,
    std::uint64_t history_max) noexcept;

}  // namespace detail
}  // namespace troupe
