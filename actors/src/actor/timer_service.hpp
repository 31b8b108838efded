#pragma once

#include "actor/lite_actor.hpp"

#include <troupe/clock.hpp>
#include <troupe/detail/timing/timer_wheel.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace troupe::detail {

/// All timers of one system: when one is due, its actor gets a `timer_due`
/// with its numbers. A timer keeps its actor
/// alive until it has fired or was cancelled.
///
/// With the real clock a thread of its own waits for them, and a timer is never
/// early and at most about a millisecond late. With the manual clock time
/// stands still until `advance_to`, which fires them in order of time, and of
/// arming within a millisecond.
///
/// Thread safety: internally synchronised. The members for the manual clock
/// belong to one thread at a time.
class timer_service {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;
  enum class clock { real, manual };

  explicit timer_service(clock source = clock::real);
  timer_service(const timer_service&) = delete;
  timer_service& operator=(const timer_service&) = delete;
  /// Calls `stop`.
  ~timer_service();

  [[nodiscard]] time_point now() const noexcept;
  /// The date; that of a manual clock moves with it.
  [[nodiscard]] wall_time wall_now() const noexcept;

  /// Times in the past are due at once, but never before this returns to the
  /// actor. After `stop` nothing is armed, and the id is null.
  timer_id arm(time_point due, lite_ptr<lite_actor> target, std::uint32_t slot,
               std::uint32_t generation);
  timer_id arm(duration wait, lite_ptr<lite_actor> target, std::uint32_t slot,
               std::uint32_t generation);

  /// Returns false if the timer has fired, was cancelled or is null. One that
  /// is firing on another thread may still reach the actor.
  bool cancel(timer_id id);

  /// The number of armed timers.
  [[nodiscard]] std::size_t size() const;

  /// Ends the thread and drops what is armed, without firing it.
  void stop();

  // -- manual clock -----------------------------------------------------------

  /// The time of the earliest timer; nothing if there is none, or it is due at
  /// the end of time, which does not come.
  [[nodiscard]] std::optional<time_point> next_due() const;
  /// Moves the clock and fires what is due by then; returns how many fired.
  std::size_t advance_to(time_point now);
  /// Sets the date forward or back, as a person does; timers do not notice.
  void shift_date(duration by) noexcept {
    date_shift_.store(date_shift_.load() + by);
  }

 private:
  struct wake_up {
    lite_ptr<lite_actor> target;
    std::uint32_t slot;
    std::uint32_t generation;
  };

  void loop();
  static void post_all(std::vector<wake_up>& due);

  const clock source_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  timer_wheel<wake_up> wheel_;
  // The time at which the thread looks again by itself; an earlier timer must
  // wake it.
  time_point next_look_ = time_point::max();
  std::atomic<time_point> manual_now_;
  std::atomic<duration> date_shift_{duration::zero()};
  bool stopped_ = false;
  /// Only for the thread.
  std::vector<wake_up> due_;
  std::thread thread_;
};

}  // namespace troupe::detail
