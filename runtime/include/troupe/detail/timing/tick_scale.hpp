#pragma once

#include <chrono>
#include <cstdint>

namespace troupe::detail {

/// Numbers the times from `origin` on in steps of `tick`. Earlier times count
/// as `origin`, and ticks beyond the end of time as that end.
///
/// Thread safety: immutable.
class tick_scale {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  tick_scale(time_point origin, duration tick) noexcept
      : origin_{origin}, tick_{tick} {}

  [[nodiscard]] std::uint64_t at_or_before(time_point time) const {
    return time <= origin_
               ? 0
               : static_cast<std::uint64_t>((time - origin_) / tick_);
  }
  [[nodiscard]] std::uint64_t at_or_after(time_point time) const {
    const auto before = at_or_before(time);
    return time > time_of(before) ? before + 1 : before;
  }
  [[nodiscard]] time_point time_of(std::uint64_t tick) const {
    const auto last =
        static_cast<std::uint64_t>((time_point::max() - origin_) / tick_);
    return tick > last ? time_point::max()
                       : origin_ + static_cast<duration::rep>(tick) * tick_;
  }

 private:
  const time_point origin_;
  const duration tick_;
};

}  // namespace troupe::detail
