#pragma once

#include <atomic>
#include <chrono>

namespace troupe {

/// Points in time and spans as the runtime measures them: monotonic.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

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

/// Where the runtime reads the time. Nothing else asks the operating system,
/// so a test may put any clock in its place.
///
/// Thread safety: internally synchronised.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual time_point now() const noexcept = 0;

  /// The machine's monotonic clock, alive as long as the program.
  [[nodiscard]] static const clock& steady() noexcept;
};

/// A clock that moves only when told to.
///
/// Thread safety: internally synchronised.
class manual_clock final : public clock {
 public:
  [[nodiscard]] time_point now() const noexcept override {
    return time_point{duration{ticks_.load(std::memory_order_acquire)}};
  }

  /// @pre `to` is not before `now()`.
  void advance_to(time_point to) noexcept {
    ticks_.store(to.time_since_epoch().count(), std::memory_order_release);
  }

  void advance(duration by) noexcept { advance_to(after(now(), by)); }

 private:
  // Not zero: a default-constructed time_point stays in the past.
  std::atomic<duration::rep> ticks_{duration{std::chrono::hours{1}}.count()};
};

}  // namespace troupe
