#pragma once

#include "actor/deferred_start.hpp"
#include "caf/caf_version.hpp"

#include <memory>

namespace troupe::detail {

/// Has a system run its actors with Troupe's scheduler, where CAF's own one is
/// not good enough: on 0.17.6, whose stealing takes time in proportion to the
/// queue. Does nothing on CAF 1.x. Must come before the system is made.
void load_scheduler(caf::actor_system_config& config);

/// Returns whether `load_scheduler` was called before `system` was made, or is
/// not needed.
[[nodiscard]] bool has_scheduler(caf::actor_system& system);

/// Leaves a start to whoever waits for its end, or to the first worker that is
/// idle for a moment. Returns false where the scheduler of `system` is not
/// Troupe's: then the caller has to begin it.
bool defer(caf::actor_system& system,
           const std::shared_ptr<deferred_start>& start);

}  // namespace troupe::detail

#if !TROUPE_CAF_1

#include "old_caf/actor_clock_wheel.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::detail {

/// A scheduler for CAF 0.17.6, through its extension point for modules.
///
/// Each worker has a queue, from which idle workers steal in batches, and a
/// place for the one actor that was woken last, which runs next, on the same
/// worker, while its data is in the cache. That actor waits for the end of the
/// turn that woke it; other workers do not take it. Workers without work sleep,
/// and one of them is woken when there is more work than workers awake.
///
/// A start that is deferred wakes nobody while one of the sleeping workers
/// looks for such starts now and then, which it does for a while after each.
///
/// At the end of the system, actors that still wait for a turn are dropped.
class worker_scheduler final : public caf::scheduler::abstract_coordinator {
 public:
  explicit worker_scheduler(caf::actor_system& system);
  ~worker_scheduler() override;

  /// Makes the module, for `config.load<worker_scheduler>()`.
  static caf::actor_system::module* make(caf::actor_system& system,
                                         caf::detail::type_list<>);

  caf::actor_clock& clock() noexcept override { return clock_; }
  /// Queues an actor that was woken by something else than a running actor.
  void enqueue(caf::resumable* job) override;
  void defer(const std::shared_ptr<deferred_start>& start);

 protected:
  void start() override;
  void stop() override;

 private:
  class worker;

  caf::resumable* steal_for(worker& thief);
  bool has_work() const;
  [[nodiscard]] bool has_due_start();
  [[nodiscard]] std::shared_ptr<deferred_start> take_due_start();
  void wake_one();
  worker* claim_parked();
  void end_threads();
  void abandon();
  void drop_jobs();

  actor_clock_wheel clock_;
  std::vector<std::unique_ptr<worker>> workers_;
  deferred_starts starts_;
  // True if a parked worker looks for starts. Read after one was added, written
  // before it is looked whether there are some, so nobody misses one.
  std::atomic<bool> is_watched_{false};
  // Read and written in one total order with the sizes of the queues: who
  // queues a job looks for a parked worker after, and who parks looks for a job
  // after, so one of them sees the other.
  std::atomic<std::size_t> parked_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};
  bool has_started_ = false;
};

}  // namespace troupe::detail

#endif
