#pragma once

#include "caf/caf_version.hpp"
#include "core/watchdog.hpp"

#include <troupe/clock.hpp>

#include <array>
#include <cstddef>

namespace troupe::detail {

/// A run queue of a thread that waits for the end of a run, and gives the
/// run's actors their turns in the meantime: a short run ends before another
/// thread would have been woken for it. What is more than a few actors, or
/// takes longer, goes to the scheduler, so that a run that could use several
/// threads gets them.
///
/// Thread safety: confined to one thread.
class caller_turns final : private own_ctx {
 public:
  caller_turns(caf::actor_system& system, watchdog& dog);
  caller_turns(const caller_turns&) = delete;
  caller_turns& operator=(const caller_turns&) = delete;
  /// Hands what is left to the scheduler.
  ~caller_turns() override;

  /// The context that wakes actors to run here.
  [[nodiscard]] exec_ctx* context() noexcept { return this; }
  /// Runs until no actor of those woken here has anything to do, or until this
  /// has taken so long that others should go on.
  void run();

 private:
  static constexpr std::size_t jobs_max = 16;

  void take(caf::resumable* job) override;
  caf::resumable* pop() noexcept;
  void hand_over(caf::resumable* job);

  caf::actor_system& actors_;
  watchdog::guest watched_;
  std::array<caf::resumable*, jobs_max> jobs_{};
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace troupe::detail
