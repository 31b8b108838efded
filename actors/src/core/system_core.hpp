#pragma once

#include "actor/manual_queue.hpp"
#include "actor/timer_service.hpp"
#include "core/blocking_pool.hpp"
#include "core/fiber_actor.hpp"
#include "core/placement.hpp"
#include "core/semaphore_actor.hpp"
#include "core/system_log.hpp"
#include "core/system_part.hpp"
#include "core/watchdog.hpp"
#include "threads/service_threads.hpp"

#include <troupe/system.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The reason of runs that are cancelled because their system ends.
inline constexpr std::string_view ending_reason =
    "the system ended, and system_options::shutdown_wait_max was over";

/// The drive of a system: threads and the clock, or a test.
enum class drive : std::uint8_t { by_threads, by_hand };

/// The data that all runs of one system share. Outlives its actors.
///
/// Thread safety: internally synchronised.
class system_core {
 public:
  system_core(caf::actor_system& system, system_options options, drive how);
  system_core(const system_core&) = delete;
  system_core& operator=(const system_core&) = delete;
  /// Waits for the runs that are left and for the last of their actors.
  ~system_core();

  [[nodiscard]] home& at() noexcept { return home_; }
  [[nodiscard]] const system_options& options() const noexcept {
    return options_;
  }
  /// Shared with actors that may have a last turn after the system's end.
  [[nodiscard]] const std::shared_ptr<timer_service>& timers() const noexcept {
    return timers_;
  }
  [[nodiscard]] blocking_pool& blocking() noexcept { return blocking_; }
  [[nodiscard]] watchdog& dog() noexcept { return dog_; }
  /// Shared with handles of runs, which may outlive the system.
  [[nodiscard]] const std::shared_ptr<system_log>& log() const noexcept {
    return log_;
  }
  /// Null unless driven by hand.
  [[nodiscard]] manual_queue* queue() noexcept { return queue_.get(); }
  [[nodiscard]] std::string next_run_id();
  /// Another one for each run that was given none.
  [[nodiscard]] std::uint64_t next_seed() noexcept;

  /// Answers `order` with a permit of `owner`, of which `limit` are out at
  /// most. The result names what lends it.
  const void* acquire(const void* owner, std::uint32_t limit,
                      caf::intrusive_ptr<acquire_order> order, exec_ctx* from);

  /// Returns the destination of work that is to be done elsewhere; null if it
  /// is done here.
  [[nodiscard]] std::shared_ptr<placement> elsewhere() const;
  /// @pre there is none: each system has one listener at most.
  void set_elsewhere(std::shared_ptr<placement> where);
  void clear_elsewhere() noexcept;

  /// The part of a library on top of this one: one of each class, made at the
  /// first call. Closed when the system ends, the last one first.
  template <class Part>
  [[nodiscard]] std::shared_ptr<Part> part() {
    return std::static_pointer_cast<Part>(
        part(typeid(Part), [] { return std::make_shared<Part>(); }));
  }

  /// Those of clients of servers, and the like.
  [[nodiscard]] const std::shared_ptr<service_threads>& threads()
      const noexcept {
    return threads_;
  }

  // -- counting --------------------------------------------------------------

  void on_run_started(run_core& run);
  /// One of the starts of a run that was counted twice.
  void on_run_ended();
  /// The run has ended.
  void on_run_over(run_core& run);
  /// The run goes away. @pre it is listed
  void unlist(run_core& run) noexcept;
  /// Cancels all runs that were started and are not over.
  void cancel_all(const std::string& reason);
  /// True if runs are cancelled at their start, as the system ends.
  [[nodiscard]] bool is_ending() const noexcept { return is_ending_.load(); }
  [[nodiscard]] std::size_t runs() const;
  void on_actor_made() noexcept {
    actors_.fetch_add(1, std::memory_order_relaxed);
  }
  void on_actor_gone() noexcept;
  /// Supervisors and node actors that exist.
  [[nodiscard]] std::size_t actors() const noexcept {
    return actors_.load(std::memory_order_acquire);
  }

 private:
  void wait_for_runs();
  void count_end();
  void take_out(run_core& run) noexcept;
  [[nodiscard]] std::shared_ptr<system_part> part(
      std::type_index of,
      const std::function<std::shared_ptr<system_part>()>& make);

  system_options options_;
  const std::string runs_prefix_;
  const std::uint64_t runs_seed_;
  std::shared_ptr<timer_service> timers_;
  const std::shared_ptr<system_log> log_;
  const std::shared_ptr<service_threads> threads_;
  blocking_pool blocking_;
  watchdog dog_;
  std::unique_ptr<manual_queue> queue_;
  home home_;
  std::atomic<std::uint64_t> last_run_{0};
  std::atomic<std::uint64_t> last_seed_{0};
  std::atomic<std::size_t> actors_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t runs_ = 0;
  /// The runs at work, in a list through themselves.
  run_core* listed_ = nullptr;
  std::atomic<bool> is_ending_{false};
  std::shared_ptr<placement> elsewhere_;
  std::vector<std::pair<std::type_index, std::shared_ptr<system_part>>> parts_;
  /// By owner and limit: an address may come to belong to another node.
  std::map<std::pair<const void*, std::uint32_t>, lite_ptr<semaphore_actor>>
      semaphores_;
};

}  // namespace troupe::detail
