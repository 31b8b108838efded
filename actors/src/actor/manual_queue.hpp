#pragma once

#include "caf/caf_version.hpp"
#include "threads/job_queue.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace troupe::detail {

/// A run queue that one thread runs when it chooses to: that of a test, or one
/// that waits for other things as well. First in, first out, so that the same
/// wake-ups give the same order of turns. Actors that its actors wake, plain
/// CAF actors included, run here as well, unless they are woken as from
/// outside.
///
/// Thread safety: internally synchronised. All but `push` belongs to one
/// thread.
class manual_queue final : private own_ctx {
 public:
  /// `quantum` is how many messages an actor may take in one turn. `on_push`,
  /// if given, is called after each `push`, on the thread that pushes.
  explicit manual_queue(caf::actor_system& system, std::size_t quantum = 1,
                        std::function<void()> on_push = {});
  manual_queue(const manual_queue&) = delete;
  manual_queue& operator=(const manual_queue&) = delete;
  /// Drops the turns that are left.
  ~manual_queue() override;

  /// Takes over the reference that a woken `job` carries.
  void push(caf::resumable* job);

  /// Gives the first actor in the queue a turn. Returns false if there is none.
  bool run_one();
  /// Runs until the queue is empty, and returns the number of turns.
  std::size_t run();
  [[nodiscard]] bool empty() const;

  /// Waits until another thread pushes work, at most `timeout`. Returns
  /// whether there is work.
  bool wait_for_work(std::chrono::nanoseconds timeout);

 private:
  void take(caf::resumable* job) override { push(job); }

  caf::resumable* pop();

  const std::size_t quantum_;
  const std::function<void()> on_push_;
  mutable std::mutex mutex_;
  std::condition_variable has_work_;
  job_queue jobs_;
};

}  // namespace troupe::detail
