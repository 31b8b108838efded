#pragma once

#include "troupe/clock.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace troupe {

class error;

namespace detail {

class fiber_owner;
struct held_permits;
struct held_token;
struct placed_work;
class step_keeper;

/// Names one wait of one coroutine. A late answer carries the key of a wait
/// that is over, finds another generation in the slot, and changes nothing.
struct wake_key {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// Something outside that a coroutine waits for. It lives in the coroutine's
/// frame; destroying the frame, which is how a wait is cancelled, withdraws it.
class waiter {
 public:
  waiter() = default;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

 protected:
  ~waiter() { withdraw(); }

  /// Registers the suspended coroutine `handle` with `host`.
  wake_key enlist(fiber_owner& host, std::coroutine_handle<> handle);
  void withdraw() noexcept;
  [[nodiscard]] fiber_owner* host() const noexcept { return host_; }

  /// Takes what the answer brought; called before the coroutine goes on.
  virtual void receive(void* answer) { static_cast<void>(answer); }

 private:
  friend class fiber_owner;

  fiber_owner* host_ = nullptr;
  std::coroutine_handle<> handle_;
  wake_key key_;
  // Those of its `step_scope`.
  step_keeper* keeper_ = nullptr;
  std::size_t item_ = 0;
};

/// A piece of work that may block, run once on a thread of the blocking pool.
class blocking_job {
 public:
  virtual ~blocking_job() = default;
  /// `now` is when it begins.
  virtual void run(time_point now) noexcept = 0;
  /// It cannot begin, because of `why`.
  virtual void refuse(error why) noexcept = 0;
  /// Nobody waits for it any more, and it has not begun: it never will.
  [[nodiscard]] virtual bool is_dropped() const noexcept = 0;
  /// The permits of the one that waits for it; fixed once it is queued.
  [[nodiscard]] virtual std::vector<held_token> held() const = 0;
};

/// The owner of coroutines: the actor that they run in. It keeps the table of
/// their waits and reaches the outside for them. Every coroutine is resumed by
/// its host, and by nothing else.
///
/// Thread safety: confined to one actor or task.
class fiber_owner {
 public:
  fiber_owner() = default;
  fiber_owner(const fiber_owner&) = delete;
  fiber_owner& operator=(const fiber_owner&) = delete;
  virtual ~fiber_owner() = default;

  /// Resumes the coroutine behind `key`, if it still waits, and hands it
  /// `answer`. Returns whether there was one.
  bool wake(wake_key key, void* answer = nullptr);

  /// Returns the number of coroutines that wait.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

  // -- what an actor offers its coroutines ------------------------------------

  [[nodiscard]] virtual time_point now() const noexcept = 0;

  /// Wakes `key` at `due`. The result names the timer for `cancel_timer`.
  virtual std::uint64_t wake_at(time_point due, wake_key key) = 0;
  virtual void cancel_timer(std::uint64_t timer) noexcept = 0;

  /// Runs `job` on the blocking pool and then wakes `key`; the job lives until
  /// both it and the waiter are done with it.
  /// Errors: throws `errc::overloaded` if no thread can be started.
  virtual void run_blocking(std::shared_ptr<blocking_job> job,
                            wake_key key) = 0;
  /// A job that has not begun was dropped.
  virtual void on_job_dropped() noexcept {}

  /// Wakes `key` with a `permit_answer` once fewer than `limit` permits are out
  /// for `owner`. `held` is what the attempt that asks has already. The result
  /// names what lends them, for `held_permits`.
  virtual const void* acquire(const void* owner, std::uint32_t limit,
                              wake_key key, const held_permits* held) = 0;

  /// Has `what` done by another process, and then wakes `key` with its
  /// `placed_result`. The result names the work for `recall`.
  /// Errors: throws `errc::overloaded`, or `errc::shut_down`.
  virtual std::uint64_t place(placed_work what, wake_key key);
  /// Nobody waits for it any more.
  virtual void recall(std::uint64_t work) noexcept;

 private:
  friend class waiter;

  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct slot {
    waiter* who = nullptr;
    std::uint32_t generation = 0;
    /// The next free slot, while this one is free.
    std::uint32_t next = none;
  };

  [[nodiscard]] slot& slot_at(std::uint32_t index) noexcept {
    return index == 0 ? first_ : (*others_)[index - 1];
  }
  std::uint32_t add_slot();

  // Most hosts have one coroutine that waits, so its slot is at hand.
  slot first_;
  std::unique_ptr<std::vector<slot>> others_;
  std::uint32_t slots_ = 0;
  std::uint32_t waiting_ = 0;
  std::uint32_t free_ = none;
};

}  // namespace detail
}  // namespace troupe
