#pragma once

#include "troupe/clock.hpp"

#include <optional>

namespace troupe::detail {

/// Throws `errc::shut_down`: the pool ended before it ran the job.
[[noreturn]] void throw_unbegun();
/// Throws `errc::timed_out`. `waited` is how long a blocking call that was
/// given up had waited for a thread, if it never began.
[[noreturn]] void throw_timed_out(std::optional<duration> waited);

/// Takes down, while it exists on a thread, that a blocking call which never
/// began is given up there: what waits for the call is destroyed by whoever set
/// the time limit, which can then say what the time went into.
///
/// Thread safety: confined to one thread.
class unbegun_note {
 public:
  unbegun_note() noexcept;
  unbegun_note(const unbegun_note&) = delete;
  unbegun_note& operator=(const unbegun_note&) = delete;
  ~unbegun_note();

  /// To the note of this thread, if there is one.
  static void leave(duration waited) noexcept;
  [[nodiscard]] std::optional<duration> waited() const noexcept {
    return waited_;
  }

 private:
  unbegun_note* const outer_;
  std::optional<duration> waited_;
};

}  // namespace troupe::detail
