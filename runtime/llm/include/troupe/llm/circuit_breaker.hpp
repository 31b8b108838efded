#pragma once

#include "troupe/clock.hpp"

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::llm {

/// Options of a `circuit_breaker`.
struct breaker_options {
  /// The number of consecutive failures that open the circuit. At least 1.
  std::uint32_t failures_max = 10;
  /// The time for which it stays open, more than zero.
  duration pause = std::chrono::seconds{10};
};

/// Returns the faults of `options`, as sentences; empty if it has none.
[[nodiscard]] std::vector<std::string> mistakes_in(
    const breaker_options& options);

/// A circuit breaker: it keeps calls from a failing server, so that the server
/// can recover and its callers do not wait in vain. After `pause` one call may
/// try; if it succeeds all may, else the pause begins anew.
///
/// Source: M. Nygard, "Release It!", 2007, "Circuit Breaker".
///
/// Thread safety: confined to one actor or task.
class circuit_breaker {
 public:
  /// @pre `options` are sound
  explicit circuit_breaker(breaker_options options) noexcept
      : options_(options) {
    assert(mistakes_in(options).empty());
  }

  /// Returns the time to wait before asking again if a call would be refused
  /// now; nothing if it would be let through.
  [[nodiscard]] std::optional<duration> outlook(time_point now) const noexcept;
  /// The same for a call that is made now unless it is refused. Each call that
  /// is let through must be reported.
  [[nodiscard]] std::optional<duration> refusal(time_point now) noexcept;

  /// A call went well, as far as the server's health goes.
  void on_success() noexcept;
  /// The server failed a call.
  void on_failure(time_point now) noexcept;
  /// A call ended in a way that says nothing about the server.
  void on_nothing() noexcept { is_trying_ = false; }

  [[nodiscard]] bool is_open() const noexcept {
    return open_since_.has_value();
  }

 private:
  breaker_options options_;
  std::uint32_t failures_ = 0;
  std::optional<time_point> open_since_;
  /// True while the call is away that is to find out.
  bool is_trying_ = false;
};

}  // namespace troupe::llm
