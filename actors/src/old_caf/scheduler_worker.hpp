#pragma once

#include "old_caf/worker_scheduler.hpp"
#include "threads/job_queue.hpp"

#if !TROUPE_CAF_1

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

namespace troupe::detail {

/// A thread of `worker_scheduler` that runs actors, with its queue.
///
/// Thread safety: internally synchronised, except `exec_later`, `random` and
/// members that say otherwise.
class worker_scheduler::worker final : public caf::execution_unit {
 public:
  worker(worker_scheduler& owner, std::size_t index);

  void start();
  void join();

  /// Called by the actor that runs here.
  void exec_later(caf::resumable* job) override;
  void push(caf::resumable* job);
  caf::resumable* pop();
  /// A job that is left when the worker has ended; null if none is.
  caf::resumable* take_left();
  /// Moves up to half of the queue to the thief, and returns one job more.
  caf::resumable* give_to(worker& thief);
  [[nodiscard]] bool has_queue() const { return size_.load() > 0; }

  /// Returns whether this worker was parked and is now the caller's to wake.
  bool claim();
  void wake();
  /// A cheap random number, for where to steal first.
  std::size_t random();

 private:
  caf::resumable* pop_locked();
  caf::resumable* next_job();
  void begin_due_start();
  void run();
  bool give_turn(caf::resumable* job);
  void park();
  bool begins_watch();
  bool watch();
  bool wait_until_woken(std::chrono::microseconds limit);

  worker_scheduler& owner_;
  std::thread thread_;

  // Only for the worker's own thread.
  caf::resumable* next_ = nullptr;
  unsigned streak_ = 0;
  unsigned turns_ = 0;
  std::size_t seen_starts_ = 0;
  std::uint32_t random_;

  // Shared with thieves and with those who wake actors from outside.
  alignas(CAF_CACHE_LINE_SIZE) std::mutex mutex_;
  job_queue queue_;
  std::atomic<std::size_t> size_{0};

  alignas(CAF_CACHE_LINE_SIZE) std::atomic<bool> parked_{false};
  std::mutex park_mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;
};

}  // namespace troupe::detail

#endif
