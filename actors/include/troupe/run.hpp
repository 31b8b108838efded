#pragma once

#include <troupe/action.hpp>
#include <troupe/error.hpp>
#include <troupe/event.hpp>
#include <troupe/failure.hpp>
#include <troupe/state.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

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

  [[nodiscard]] bool ok() const noexcept { return !failure; }
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
