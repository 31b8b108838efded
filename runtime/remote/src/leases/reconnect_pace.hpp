#pragma once

#include <troupe/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace troupe::detail {

/// The wait before each try to reach a peer: none at first, then
/// twice as long each time, up to a longest wait, and of each a random half is
/// left out, so that many who lost one peer do not come back at once.
///
/// A connection that is lost before it has lasted for the longest wait was not
/// really there: the waits go on growing.
///
/// Thread safety: confined to one thread.
class reconnect_pace {
 public:
  static constexpr duration first_wait = std::chrono::milliseconds{100};

  reconnect_pace(duration longest, std::uint64_t seed)
      : longest_(longest), random_(seed) {}

  /// The wait before the next try.
  [[nodiscard]] duration next() {
    const duration whole = wait_;
    const duration doubled =
        wait_ > longest_ / 2 ? longest_ : std::max(wait_ * 2, first_wait);
    wait_ = std::min(doubled, longest_);
    const duration half = whole / 2;
    return half + duration{std::uniform_int_distribution<duration::rep>{
                      0, (whole - half).count()}(random_)};
  }
  void on_reached(time_point now) { reached_ = now; }
  void on_lost(time_point now) {
    if (reached_ && now >= after(*reached_, longest_)) wait_ = duration::zero();
    reached_.reset();
  }

 private:
  const duration longest_;
  duration wait_{};
  std::optional<time_point> reached_;
  std::mt19937_64 random_;
};

}  // namespace troupe::detail
