#pragma once

#include "troupe/store/run_record.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::detail {

/// The decision about a run that the process before did not end.
struct recovery {
  enum class kind : std::uint8_t {
    /// It ended, or is in quarantine: there is nothing to do.
    stays,
    /// It was put away cleanly: it goes on, which counts as no recovery.
    goes_on,
    /// Its process died. It goes on once the recovery is counted in the store:
    /// `run_change::recovers`.
    recovers,
    /// It went down with its process too often: `run_status::quarantined`.
    quarantined,
  };
  kind how = kind::stays;
  /// The reason for a quarantine, for people; empty otherwise.
  std::string why{};
};

/// Decides about `run`, of which the step `path` was at work, before anything
/// of it begins. It may be tried `recoveries_max` times since it last committed
/// a step; 0 forbids any.
[[nodiscard]] recovery decide_recovery(const run_record& run,
                                       std::uint32_t recoveries_max,
                                       std::string_view path);

/// Returns whether a run in quarantine may leave it because the flow is another
/// version now than the one that it went down with.
[[nodiscard]] bool is_released_by(const run_record& run,
                                  std::string_view version) noexcept;

}  // namespace troupe::detail
