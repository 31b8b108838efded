#pragma once

#include <chrono>

namespace troupe {

/// Points in time and spans as the runtime measures them: monotonic.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// The time `span` after `from`, or before it where `span` is negative. A
/// result beyond either end of time is that end, so that no deadline, wait or
/// number from a peer can turn the future into the past.
[[nodiscard]] constexpr time_point after(time_point from,
                                         duration span) noexcept {
  if (span > duration::zero()) {
    return from > time_point::max() - span ? time_point::max() : from + span;
  }
  return from < time_point::min() - span ? time_point::min() : from + span;
}

/// The clock of the runtime. Nothing else reads the time of the operating
/// system.
///
/// Thread safety: internally synchronised.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual time_point now() const noexcept = 0;

  /// The machine's monotonic clock, alive as long as the program.
  [[nodiscard]] static const clock& steady() noexcept;
};

}  // namespace troupe
