#pragma once

#include <troupe/action.hpp>
#include <troupe/error.hpp>
#include <troupe/event.hpp>
#include <troupe/failure.hpp>
#include <troupe/state.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace caf {
class actor;
}

namespace troupe {

namespace detail {
class durable_runs;
class run_core;
}  // namespace detail

/// The end of a run: its final state, and its failure if it has one.
struct outcome {
  /// The last action, if it succeeded.
  troupe::action action{};
  /// The shared state: all that had been committed, also after a failure.
  troupe::state state{};
  /// The reason why it failed or was cancelled, with node, item, attempt and
  /// cause.
  troupe::failure failure{};
  /// The warnings, in order: an action that no edge continues, a worker that
  /// was lost, a node that held a thread. The first 32; a text has at most
  /// 1,000 bytes. Those of this process, where a run was resumed.
  std::vector<event> warnings{};
  /// The number of further warnings.
  std::uint64_t warnings_left_out = 0;

  [[nodiscard]] bool ok() const noexcept { return !failure; }
};

/// The counts of a run so far. They lose nothing, other than an event stream
/// that is read slowly. A resumed run counts from where it went on, and the
/// ended sub-flows of the fan-out in which that was.
struct run_progress {
  /// The steps that ended well, with those of its sub-flows. Steps on workers
  /// are not known here.
  std::uint64_t steps = 0;
  /// The sub-flows that began, here or on workers.
  std::uint64_t sub_flows_started = 0;
  std::uint64_t sub_flows_finished = 0;
  std::uint64_t sub_flows_failed = 0;
  std::uint64_t sub_flows_cancelled = 0;

  friend bool operator==(const run_progress&, const run_progress&) = default;
};

/// Reads the events of one run, in order. The stream is bounded by the number
/// and the bytes of its events: if the reader is slow, the oldest ones are
/// dropped, and `dropped` counts them.
///
/// Thread safety: confined to one thread.
class event_reader {
 public:
  /// The next event, after waiting for it; nothing after the final one.
  /// Errors: as `run::get`, on a thread that runs nodes.
  [[nodiscard]] std::optional<event> next();
  /// The next event, if one is there.
  [[nodiscard]] std::optional<event> try_next();
  /// Returns the number of events dropped so far.
  [[nodiscard]] std::size_t dropped() const;

 private:
  friend class run;
  explicit event_reader(std::shared_ptr<detail::run_core> core)
      : core_(std::move(core)) {}

  std::shared_ptr<detail::run_core> core_;
};

/// A handle to a run that was started. Copies refer to the same run. Dropping
/// it neither cancels nor waits.
///
/// Thread safety: internally synchronised.
class run {
 public:
  [[nodiscard]] const std::string& id() const& noexcept;
  [[nodiscard]] std::string id() const&& {
    return static_cast<const run&>(*this).id();
  }

  /// Waits for the end. A run that no other thread has begun yet runs on this
  /// one, until it first waits for something or has taken about 100 µs: a short
  /// run costs no thread switch. A step that has begun by then is finished
  /// here, however long it takes. Do not call it on a thread that runs nodes,
  /// which the run may need: `co_await` the run there. Threads of the blocking
  /// pool may wait.
  /// Errors: throws a permanent `errc::request_failed` at once on a thread that
  /// runs nodes, and in a simulation within any call of a node; so do
  /// `wait_for` and `event_reader::next`.
  [[nodiscard]] outcome get() const;
  /// Waits at most `limit`, on another thread than the run's; nothing if it has
  /// not ended by then.
  [[nodiscard]] std::optional<outcome> wait_for(duration limit) const;
  /// Returns whether it has ended.
  [[nodiscard]] bool done() const;
  /// Returns what has happened so far. Costs no lock.
  [[nodiscard]] run_progress progress() const noexcept;

  /// Calls `what` with the outcome when the run has ended, however it ends:
  /// exactly once, at the latest before the destructor of the system returns.
  /// On the thread that ends the run, which is one that runs nodes: so it must
  /// not block, and hands long work to an event loop or a queue; or on this
  /// thread, before `then` returns, if the run is over. What it throws is a
  /// line of `system_options::log`, and harms nobody. It must not destroy the
  /// system.
  void then(std::function<void(const outcome&)> what) const;
  /// Sends `to` a `run_ended`, of protocol.hpp, as above. Of a typed handle
  /// give `caf::actor_cast<caf::actor>(handle)`.
  void then(const caf::actor& to) const;

  /// Ends the run: coroutines are destroyed where they wait, sub-flows are
  /// cancelled first, queued work is dropped. Returns at once; the outcome
  /// has `errc::cancelled`. Does nothing to a run that has ended.
  void cancel() const { cancel("cancelled by the caller"); }
  void cancel(std::string reason) const;

  /// The run's event stream. All readers share it.
  [[nodiscard]] event_reader events() const;

  class awaiter final : private detail::waiter {
   public:
    explicit awaiter(std::shared_ptr<detail::run_core> core)
        : core_(std::move(core)) {}
    ~awaiter();
    bool await_ready() const noexcept { return false; }
    template <detail::hosted Promise>
    void await_suspend(std::coroutine_handle<Promise> self) {
      auto& host = *self.promise().host;
      subscribe(host, enlist(host, self), self.promise().held);
    }
    outcome await_resume() { return std::move(result_); }

   private:
    void receive(void* answer) override;
    void subscribe(detail::fiber_owner& host, detail::wake_key key,
                   const detail::held_permits* asked);

    std::shared_ptr<detail::run_core> core_;
    outcome result_;
  };
  /// `co_await run` waits for the end without holding a thread, and returns the
  /// outcome.
  /// Errors: a run fails with `errc::deadlock` if it needs a permit that the
  /// awaiting attempt holds.
  /// Cancellation: cancels the run.
  awaiter operator co_await() const { return awaiter{core_}; }

 private:
  friend class system;
  friend class detail::durable_runs;
  explicit run(std::shared_ptr<detail::run_core> core) noexcept
      : core_(std::move(core)) {}

  std::shared_ptr<detail::run_core> core_;
};

}  // namespace troupe
