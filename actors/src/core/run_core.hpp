#pragma once

#include "actor/address.hpp"
#include "actor/deferred_start.hpp"
#include "core/cancel_order.hpp"
#include "core/fiber_actor.hpp"
#include "core/node_actors.hpp"
#include "core/run_journal.hpp"
#include "core/system_log.hpp"
#include "threads/event_queue.hpp"

#include <troupe/detail/placed/placed_work.hpp>
#include <troupe/failure.hpp>
#include <troupe/flow.hpp>
#include <troupe/run.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::detail {

struct resume_point;

/// A run that is a part of one in another process.
struct run_elsewhere {
  work_origin origin;
  /// Called when there is an event to be read, on any thread.
  std::function<void()> on_event;
};

/// The state that a run's handles, its supervisors and its late blocking calls
/// share.
///
/// Thread safety: internally synchronised.
class run_core final : public event_sink,
                       public deferred_start,
                       public std::enable_shared_from_this<run_core> {
 public:
  run_core(system_core& system, flow work, run_options options, std::string id);
  /// A part of a run in another process. Its id is that of its origin.
  run_core(system_core& system, flow work, run_options options,
           run_elsewhere part_of);
  ~run_core() override;

  // -- constant after construction -------------------------------------------

  [[nodiscard]] system_core& system() const noexcept { return system_; }
  [[nodiscard]] const flow& work() const noexcept { return work_; }
  [[nodiscard]] const run_options& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return *options_.seed; }
  /// Null unless it is a part of a run in another process.
  [[nodiscard]] const work_origin* origin() const noexcept {
    return part_of_ ? &part_of_->origin : nullptr;
  }
  /// The way to the store; null unless the run is durable.
  [[nodiscard]] run_journal* journal() const noexcept { return journal_.get(); }
  /// Makes the run durable; it goes on from `point`, if that is not null.
  /// Before it has a supervisor.
  void set_journal(std::shared_ptr<run_journal> journal,
                   std::shared_ptr<resume_point> point) {
    journal_ = std::move(journal);
    point_ = std::move(point);
  }
  /// The point from which its supervisor goes on; null for the beginning.
  [[nodiscard]] const std::shared_ptr<resume_point>& point() const noexcept {
    return point_;
  }
  [[nodiscard]] event_queue& events() noexcept { return events_; }
  void tell(event what) override;
  void miss(std::size_t count) override { events_.miss(count); }
  [[nodiscard]] bool listens(event_detail detail) const noexcept {
    return detail_ >= detail;
  }
  /// The detail that somebody listens to, the observer of the system perhaps.
  [[nodiscard]] event_detail detail() const noexcept { return detail_; }
  /// The actors of the run's nodes, where messages go to them.
  [[nodiscard]] node_actors& actors() noexcept { return actors_; }

  // -- counts ----------------------------------------------------------------

  void count_step() noexcept { steps_.fetch_add(1, std::memory_order_relaxed); }
  void count_sub_flow() noexcept {
    sub_flows_started_.fetch_add(1, std::memory_order_relaxed);
  }
  void count_end_of(branch_outcome::kind how) noexcept;
  [[nodiscard]] run_progress progress() const noexcept;

  // -- retries ---------------------------------------------------------------

  /// Takes one of the retries that the run may still make, if it may.
  [[nodiscard]] bool take_retry() noexcept;
  /// So many were made elsewhere.
  void count_retries(std::uint64_t made) noexcept { retries_ += made; }
  [[nodiscard]] std::uint64_t retries() const noexcept { return retries_; }
  /// Returns the number of retries that the run may still make; nothing for no
  /// limit.
  [[nodiscard]] std::optional<std::uint64_t> retries_left() const noexcept;

  // -- the start -------------------------------------------------------------

  /// Wakes the supervisor for the first time.
  void begin(exec_ctx* from) noexcept override;
  /// Does so now, if nobody has; as `begin`.
  void begin_if_deferred(exec_ctx* from) noexcept {
    if (take_back()) begin(from);
  }

  // -- the end ---------------------------------------------------------------

  /// Sets the writes of the run, for those who started it from elsewhere: the
  /// state of an outcome is a copy, which does not have them.
  void set_wrote(delta wrote);
  [[nodiscard]] delta take_wrote();

  using supervisor_address = address<supervisor_message::cancel>;
  /// Hands over the supervisor that `cancel` speaks to.
  void set_supervisor(supervisor_address supervisor);
  /// The first call counts. Needs no memory.
  void end(outcome result) noexcept;
  /// Cancels the run; without a reason if there is no memory for one.
  void cancel(std::string_view reason) noexcept;

  /// Puts a durable run away: it is cancelled, but in the store it goes on.
  void park() noexcept;

  [[nodiscard]] bool done() const;
  /// The outcome, there already.
  [[nodiscard]] outcome result() const;
  /// Waits for the end. A run that has not begun begins on this thread.
  [[nodiscard]] outcome wait();
  [[nodiscard]] std::optional<outcome> wait_for(duration limit);
  /// Wakes `who` at the end.
  void subscribe(waker who);
  /// Calls `what` at the end, or now. What it throws goes to the log.
  void then(std::function<void(const outcome&)> what);

  // -- waits that cannot end -------------------------------------------------

  /// A step of the run `by`, or of none, awaits this one and holds `held`.
  /// Whoever lent that looks whether it can still come back.
  void await_by(std::weak_ptr<run_core> by, std::vector<held_token> held);
  /// True if somebody may hold a permit who awaits it.
  [[nodiscard]] bool is_awaited_by_holders() const noexcept {
    return is_awaited_by_holders_.load(std::memory_order_acquire);
  }
  /// Adds what those hold that await it, and those that await them.
  void add_held_above(std::vector<held_token>& into) const;

 private:
  /// A place in the list of the system's runs, which it guards.
  struct place_in_list {
    run_core* before = nullptr;
    run_core* after = nullptr;
    bool is_listed = false;
  };
  friend class system_core;

  void show(event what);
  void keep_warning(const event& what);
  void observe(const event& what) noexcept;
  void call(const std::function<void(const outcome&)>& what,
            const outcome& with) noexcept;
  void cancel_with(const error* why) noexcept;
  [[nodiscard]] event final_event(const outcome& result) const noexcept;

  system_core& system_;
  const flow work_;
  const run_options options_;
  const std::string id_;
  const std::unique_ptr<const run_elsewhere> part_of_;
  const event_detail detail_;
  /// Kept, as a handle may outlive the system.
  const std::shared_ptr<system_log> log_;
  std::shared_ptr<run_journal> journal_;
  std::shared_ptr<resume_point> point_;
  event_queue events_;
  node_actors actors_;
  std::atomic<std::uint64_t> retries_{0};
  std::atomic<std::uint64_t> steps_{0};
  std::atomic<std::uint64_t> sub_flows_started_{0};
  std::atomic<std::uint64_t> sub_flows_finished_{0};
  std::atomic<std::uint64_t> sub_flows_failed_{0};
  std::atomic<std::uint64_t> sub_flows_cancelled_{0};
  place_in_list listed_;

  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  std::optional<outcome> outcome_;
  delta wrote_;
  supervisor_address supervisor_;
  /// The order to end, of a run that has no supervisor yet.
  caf::intrusive_ptr<cancel_order> cancelled_early_;
  std::vector<waker> subscribers_;
  std::vector<std::function<void(const outcome&)>> calls_;
  std::vector<event> warnings_;
  std::uint64_t warnings_left_out_ = 0;
  struct awaiting_run {
    std::weak_ptr<run_core> run;
    std::vector<held_token> held;
  };
  std::vector<awaiting_run> awaited_by_;
  std::atomic<bool> is_awaited_by_holders_{false};
};

}  // namespace troupe::detail
