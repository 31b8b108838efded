#pragma once

#include <chrono>

namespace troupe {

/// Points in time and spans as the runtime measures them: monotonic.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;
/// A date, for people and for what outlives the process. It may jump, so no
/// span is measured and nothing is waited for by it.
using wall_time = std::chrono::system_clock::time_point;

/// The time `span` after `from`, or before it where `span` is negative. What
/// would lie beyond an end of time is that end, so that no deadline, wait or
/// number of a peer can turn the future into the past.
[[nodiscard]] constexpr time_point after(time_point from,
                                         duration span) noexcept {
  if (span > duration::zero()) {
    return from > time_point::max() - span ? time_point::max() : from + span;
  }
  return from < time_point::min() - span ? time_point::min() : from + span;
}

/// The clocks of the machine, for code that measures real time: no other code
/// of the library asks the operating system. Actors take the time from the
/// timers of their system, which is virtual in a `simulation`.
///
/// Thread safety: internally synchronised.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual time_point now() const noexcept = 0;
  [[nodiscard]] virtual wall_time wall_now() const noexcept = 0;

  /// The machine's clocks, alive as long as the program.
  [[nodiscard]] static const clock& steady() noexcept;
};

}  // namespace troupe
