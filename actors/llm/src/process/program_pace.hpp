#pragma once

#include <troupe/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe::llm::detail {

/// The pace at which a program is read that writes what nobody waits for: as
/// fast as it likes at first, then 10,000 lines, or 10 MB, a second.
///
/// Thread safety: confined to one thread.
class reading_pace {
 public:
  static constexpr std::int64_t at_once = 20'000;
  static constexpr std::int64_t per_second = 10'000;
  static constexpr std::size_t bytes_of_one = 1'000;

  explicit reading_pace(time_point now) : at_(now) {}

  void spend(std::size_t lines, std::size_t bytes) {
    constexpr auto most = static_cast<std::size_t>(at_once) * 1'000;
    left_ -=
        static_cast<std::int64_t>(std::min(lines + bytes / bytes_of_one, most));
  }
  [[nodiscard]] bool may_read() const noexcept { return left_ > 0; }
  /// Time has passed.
  void go_on(time_point now) {
    constexpr auto one = std::chrono::duration_cast<duration>(
        std::chrono::microseconds{1'000'000 / per_second});
    const auto added = (now - at_) / one;
    if (added <= 0) return;
    at_ = now;
    left_ = std::min(at_once, left_ + added);
  }

 private:
  time_point at_;
  std::int64_t left_ = at_once;
};

/// The pace at which a program that has ended is started again: at once, but
/// for one that has ended three times in a row within ten seconds of its start.
/// That has to wait, each time twice as long, a minute at most.
///
/// Thread safety: confined to one actor or task.
class restart_pace {
 public:
  static constexpr int ends_max = 3;
  static constexpr duration soon = std::chrono::seconds{10};
  static constexpr duration wait_min = std::chrono::seconds{1};
  static constexpr duration wait_max = std::chrono::minutes{1};

  void ended(time_point start, time_point end) {
    ends_ = end - start < soon ? std::min(ends_ + 1, ends_max + 16) : 0;
    last_ = end;
  }
  /// Returns the number of ends in a row, each soon after the start.
  [[nodiscard]] int ends() const noexcept { return ends_; }
  /// Returns the time that is left to wait, if there is any.
  [[nodiscard]] std::optional<duration> wait(time_point now) const {
    if (ends_ < ends_max) return std::nullopt;
    const auto whole = std::min(wait_min * (1 << (ends_ - ends_max)), wait_max);
    const auto left = last_ + whole - now;
    if (left <= duration::zero()) return std::nullopt;
    return left;
  }

 private:
  int ends_ = 0;
  time_point last_;
};

}  // namespace troupe::llm::detail
