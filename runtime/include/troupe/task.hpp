#pragma once

#include "troupe/detail/fiber/fiber_owner.hpp"
#include "troupe/detail/fiber/promise.hpp"

#include <cassert>
#include <coroutine>
#include <utility>

namespace troupe {

/// A coroutine that yields a `T`, or nothing.
///
/// It is lazy: nothing runs until it is awaited. It runs on the actor that
/// awaits it and is resumed by that actor alone, so it needs no locks against
/// its own flow. Destroying a task that waits is safe at every `co_await`:
/// its wait is withdrawn, its locals are destroyed, and what it waited for is
/// told where that matters (a timer, a permit, a transfer).
///
/// GCC 12 corrupts some temporaries in an expression with `co_await`; see
/// "GCC 12 and co_await" in docs/how-to.md.
///
/// Errors: what the coroutine throws comes out of `co_await`. One that is
/// awaited more than `task_depth_max` deep, as by a recursion without an end,
/// does not begin: `co_await` throws `errc::too_deep`. A task is awaited once;
/// for one that is empty, was moved from, or was awaited before, `co_await`
/// throws a permanent `errc::bad_flow`.
/// Cancellation: the task is destroyed at the `co_await` it waits in.
/// Thread safety: confined to one actor or task.
template <class T>
class [[nodiscard]] task {
 public:
  using value_type = T;
  using promise_type = detail::promise<T>;

  task() noexcept = default;
  task(task&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~task() { reset(); }

  /// Returns whether it ran to its end.
  [[nodiscard]] bool done() const noexcept { return handle_ && handle_.done(); }
  [[nodiscard]] explicit operator bool() const noexcept {
    return handle_ != nullptr;
  }

  /// Destroys the coroutine, wherever it waits.
  void reset() noexcept {
    if (auto handle = std::exchange(handle_, nullptr)) handle.destroy();
  }

  /// Runs it on `host` up to its first wait. `told`, if given, hears when it
  /// has ended, unless that is before this call returns. `depth` is that of
  /// the task that awaits it, plus one, and `held` what that one knows to be
  /// held. Returns whether it has ended. An empty task ends at once: `take`
  /// throws then, as `co_await` does.
  /// @pre it has not begun
  bool start(detail::fiber_owner& host, detail::completion* told = nullptr,
             std::uint32_t depth = 0,
             const detail::held_permits* held = nullptr) {
    if (!handle_) return true;
    assert(!has_begun());
    handle_.promise().host = &host;
    handle_.promise().depth = depth;
    handle_.promise().held = held;
    handle_.resume();
    if (handle_.done()) return true;
    handle_.promise().told = told;
    return false;
  }

  /// Returns whether it ended by an exception, or is empty.
  /// @pre it is not under way
  [[nodiscard]] bool has_thrown() const noexcept {
    assert(!handle_ || handle_.done());
    return !handle_ || handle_.promise().has_thrown();
  }

  /// Its result; throws what it threw. @pre it is not under way
  T take() {
    if (!handle_) detail::throw_empty_task();
    assert(handle_.done());
    return handle_.promise().take();
  }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> child) noexcept
        : child_(child) {}
    bool await_ready() const noexcept { return false; }
    template <detail::hosted Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) const {
      // The child starts here and not by transfer, so that a loop over tasks
      // that are ready at once stays flat.
      child_.promise().depth = parent.promise().depth_below();
      child_.promise().host = parent.promise().host;
      child_.promise().held = parent.promise().held;
      child_.resume();
      if (child_.done()) return false;
      child_.promise().continuation = parent;
      return true;
    }
    T await_resume() const { return child_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> child_;
  };

  /// Errors: throws a permanent `errc::bad_flow` for a task that is empty, was
  /// moved from, or has begun before.
  awaiter operator co_await() const {
    if (!handle_) detail::throw_empty_task();
    if (has_begun()) detail::throw_begun_task();
    return awaiter{handle_};
  }

 private:
  [[nodiscard]] bool has_begun() const noexcept {
    return handle_.promise().host != nullptr;
  }

  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> handle) noexcept
      : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_ = nullptr;
};

template <class T>
task<T> detail::promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<promise>::from_promise(*this)};
}

inline task<void> detail::promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<promise>::from_promise(*this)};
}

namespace detail {

template <class T>
struct task_traits {
  static constexpr bool is_task = false;
  using value_type = T;
};
template <class T>
struct task_traits<task<T>> {
  static constexpr bool is_task = true;
  using value_type = T;
};
template <class T>
inline constexpr bool is_task = task_traits<T>::is_task;

}  // namespace detail
}  // namespace troupe
