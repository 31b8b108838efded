#pragma once

#include <atomic>
#include <cassert>
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

/// Where the runtime reads the time. Nothing else asks the operating system,
/// so a test may put any clock in its place.
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

/// A clock that moves only when told to. Its dates move with it, from the first
/// of January 2000, UTC.
///
/// Thread safety: internally synchronised.
class manual_clock final : public clock {
 public:
  [[nodiscard]] time_point now() const noexcept override {
    return time_point{duration{ticks_.load(std::memory_order_acquire)}};
  }

  [[nodiscard]] wall_time wall_now() const noexcept override {
    return dated(now() - start);
  }
  /// The date of a manual clock, so long after its start.
  [[nodiscard]] static wall_time dated(duration since) noexcept {
    return first_date + std::chrono::duration_cast<wall_time::duration>(since);
  }

  /// @pre `to` is not before `now()`.
  void advance_to(time_point to) noexcept {
    assert(to >= now());
    ticks_.store(to.time_since_epoch().count(), std::memory_order_release);
  }

  void advance(duration by) noexcept { advance_to(after(now(), by)); }

 private:
  // Not zero: a default-constructed time_point stays in the past.
  static constexpr time_point start{std::chrono::hours{1}};
  static constexpr wall_time first_date{std::chrono::sys_days{
      std::chrono::year{2000} / std::chrono::January / 1}};

  std::atomic<duration::rep> ticks_{start.time_since_epoch().count()};
};

}  // namespace troupe
