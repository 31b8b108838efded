#pragma once

#include "troupe/clock.hpp"

#include <string>
#include <vector>

namespace troupe {

/// So much within so much time: 500 requests a minute, 2,000,000 tokens a day.
struct rate {
  /// More than zero.
  double amount = 1;
  /// More than zero. A century stands for all that is longer.
  duration per = std::chrono::minutes{1};
  /// The amount that may pass at once after a pause, at least 1. With 1, what
  /// passes is spread evenly. What passes at once comes on top of what passes
  /// evenly after it: within any time of `per`, up to `burst + amount` do. So
  /// where a server counts windows, both together must not be more than it
  /// takes.
  double burst = 1;
};

/// Returns the faults of a rate, as sentences; empty if it has none.
[[nodiscard]] std::vector<std::string> mistakes_in(const rate& allowed);

/// Decides when the next may pass, so that a rate is kept.
///
/// A call that asks for more than is left passes and is paid for afterwards, so
/// a large amount does not have to wait for a rest that never comes.
///
/// A correction by a peer is bounded, so that one absurd number cannot stop the
/// line: one takes what is left of the burst and one window at most, and all of
/// them together put the next pass off by 16 such spans at most. All times
/// saturate.
///
/// Source: the generic cell rate algorithm, as virtual scheduling; ITU-T
/// recommendation I.371, annex A.
///
/// Thread safety: confined to one actor or task.
class rate_meter {
 public:
  /// @pre `allowed` is sound
  explicit rate_meter(rate allowed) noexcept;

  /// The earliest time at which something may pass.
  [[nodiscard]] time_point ready_at() const noexcept;
  /// So much passes now. What passes before `ready_at()` is paid for by what
  /// comes after it.
  void take(time_point now, double amount) noexcept;
  /// Sets right what was taken: less passed than said. Counted at the whole
  /// rate, also for what was taken at a slower pace. What is not more than zero
  /// changes nothing.
  void give_back(double amount) noexcept;
  /// Sets right what was taken: so much more passed than said. Bounded, see
  /// above. What is not more than zero changes nothing.
  void charge(time_point now, double amount) noexcept;

  /// Halves the rate, as one has to whom a server says that it is too much. It
  /// grows back evenly, to the whole within twice `per` at most. Calls within
  /// an eighth of `per` count as one: they are about the same crowd.
  void back_off(time_point now) noexcept;
  /// Nothing passes before `until`, or for a day from `now` on, or for one
  /// window, if those end before.
  void pause(time_point now, time_point until) noexcept;
  /// The share of the rate that may be used now, more than 0 and up to 1.
  [[nodiscard]] double pace(time_point now) const noexcept;

 private:
  [[nodiscard]] duration span_of(double amount) const noexcept;
  /// Returns the most that one correction may move the next pass.
  [[nodiscard]] duration correction_max() const noexcept;

  rate allowed_;
  /// The time of the next pass if all came evenly.
  time_point due_ = time_point::min();
  double pace_ = 1;
  time_point slowed_ = time_point::min();
};

}  // namespace troupe
