#include "troupe/store/retention.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace troupe::detail {

namespace {

/// The runs of one flow that are kept so far.
struct kept_runs {
  retention rule;
  std::uint64_t runs = 0;
  std::uint64_t bytes = 0;

  bool take(const ended_run& next, std::int64_t now_ms) {
    if (rule.max_age && age_of(next, now_ms) > *rule.max_age) return false;
    if (rule.max_runs && runs >= *rule.max_runs) return false;
    if (rule.max_bytes &&
        (bytes > *rule.max_bytes || next.bytes > *rule.max_bytes - bytes)) {
      // Those that ended before go as well, so that none is missing between.
      bytes = std::numeric_limits<std::uint64_t>::max();
      return false;
    }
    ++runs;
    bytes +=
        std::min(next.bytes, std::numeric_limits<std::uint64_t>::max() - bytes);
    return true;
  }

  static duration age_of(const ended_run& run, std::int64_t now_ms) noexcept {
    using std::chrono::milliseconds;
    if (run.ended_ms >= now_ms) return duration::zero();
    const auto longest =
        std::chrono::duration_cast<milliseconds>(duration::max());
    // Dates from a store may be any.
    const auto span = static_cast<std::uint64_t>(now_ms) -
                      static_cast<std::uint64_t>(run.ended_ms);
    if (span > static_cast<std::uint64_t>(longest.count())) {
      return duration::max();
    }
    return milliseconds{static_cast<std::int64_t>(span)};
  }
};

}  // namespace

std::vector<std::string> runs_to_purge(
    std::vector<ended_run> runs, std::int64_t now_ms,
    const std::function<retention(std::string_view flow)>& rule) {
  // The latest first.
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
    return std::tie(b.ended_ms, b.id) < std::tie(a.ended_ms, a.id);
  });
  std::map<std::string, kept_runs> kept;
  std::vector<std::string> made;
  for (auto& each : runs) {
    auto known = kept.find(each.flow);
    if (known == kept.end()) {
      known = kept.emplace(each.flow, kept_runs{rule(each.flow)}).first;
    }
    if (!known->second.take(each, now_ms)) made.push_back(std::move(each.id));
  }
  std::reverse(made.begin(), made.end());
  return made;
}

std::uint64_t first_entry_to_keep(const std::vector<snapshot_place>& snapshots,
                                  std::uint64_t steps,
                                  std::uint64_t history_max) noexcept {
  if (steps <= history_max) return 0;
  const auto first_step = steps - history_max;
  std::uint64_t made = 0;
  for (const auto& each : snapshots) {
    if (each.step <= first_step) made = std::max(made, each.number);
  }
  return made;
}

}  // namespace troupe::detail
