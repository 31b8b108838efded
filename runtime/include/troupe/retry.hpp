#pragma once

#include "troupe/clock.hpp"
#include "troupe/error.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// The random part of a wait, so that many failed steps do not come back at the
/// same instant. Source of the names: M. Brooker, "Exponential Backoff And
/// Jitter", 2015.
enum class jitter : std::uint8_t {
  /// The wait as computed.
  none,
  /// Between half of the wait and the wait.
  equal,
  /// Between nothing and the wait.
  full,
};

/// The rules for retries of a failed `exec`.
struct retry_options {
  /// The number of attempts in all; 1 means no retry. From 1 to 1,000,000.
  std::uint32_t attempts = 1;
  /// The wait before the second attempt. Not negative.
  duration wait{};
  /// The factor by which each further wait grows. At least 1.
  double backoff = 1.0;
  /// No wait is longer than this, but for the random part of one that the
  /// other side asked for. Not negative. Where the other side asks for a
  /// longer one, as `error::retry_after` says, there is no retry.
  duration wait_max = std::chrono::hours{24};
  /// The random part of a wait.
  troupe::jitter jitter = jitter::none;
  /// Called with each failure; false means that a retry cannot help. Absent
  /// means: all but permanent errors are retried. What it throws fails the
  /// step in place of that failure.
  std::function<bool(const error&)> when = {};
};

/// Returns the faults of `options`, as sentences; empty if it has none.
[[nodiscard]] std::vector<std::string> mistakes_in(
    const retry_options& options);

/// The decision that follows a failed attempt.
struct retry_decision {
  bool again = false;
  /// The wait before the next attempt, if there is one.
  duration wait{};
  /// The error that `retry_options::when` threw; the step fails with it.
  std::optional<error> broken = {};
};

/// Decides what follows after attempt number `attempt` (from 0) failed with
/// `why`. The wait is at least `why.retry_after()`; the random part, of a tenth
/// of that at least, comes on top of it. It depends on `seed` and `attempt`
/// alone, so that a run can be repeated exactly.
[[nodiscard]] retry_decision decide_retry(const retry_options& options,
                                          std::uint32_t attempt,
                                          const error& why, std::uint64_t seed);

}  // namespace troupe
