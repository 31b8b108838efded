#pragma once

#include "troupe/detail/node/unbegun_note.hpp"
#include "troupe/error.hpp"
#include "troupe/task.hpp"

#include <coroutine>
#include <cstdint>

namespace troupe {

/// Awaitable: goes on after a span of time, which holds no thread.
///
/// Resolution: one millisecond, never early.
/// Cancellation: the timer is taken back.
class [[nodiscard]] sleep_for final : private detail::waiter {
 public:
  explicit sleep_for(duration span) noexcept : span_(span) {}
  ~sleep_for() {
    if (host() != nullptr) host()->cancel_timer(timer_);
  }

  bool await_ready() const noexcept { return span_ <= duration::zero(); }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    timer_ = host.wake_at(after(host.now(), span_), key);
  }
  void await_resume() const noexcept {}

 private:
  duration span_;
  std::uint64_t timer_ = 0;
};

namespace detail {

/// The end of a wait: by itself, or only with the attempt that waits.
enum class wait_end : std::uint8_t { by_itself, of_attempt };

/// See `within`.
template <class T>
class [[nodiscard]] within_operation final : private waiter,
                                             private completion {
 public:
  within_operation(duration limit, task<T> work,
                   wait_end how = wait_end::by_itself) noexcept
      : limit_(limit), work_(std::move(work)) {
    inside_.ends_by_itself = how == wait_end::by_itself;
  }
  ~within_operation() { disarm(); }

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    inside_.above = self.promise().held;
    if (work_.start(host, this, self.promise().depth_below(), &inside_)) {
      return false;
    }
    parent_ = self;
    const auto key = enlist(host, self);
    timer_ = host.wake_at(after(host.now(), limit_), key);
    return true;
  }
  T await_resume() {
    if (!work_.done()) {
      unbegun_note note;
      work_.reset();
      throw_timed_out(note.waited());
    }
    return work_.take();
  }

 private:
  void on_complete() noexcept override {
    disarm();
    parent_.resume();
  }
  void disarm() noexcept {
    if (host() == nullptr) return;
    host()->cancel_timer(timer_);
    withdraw();
  }

  duration limit_;
  held_permits inside_;
  task<T> work_;
  std::coroutine_handle<> parent_;
  std::uint64_t timer_ = 0;
};

}  // namespace detail

/// Awaitable: the result of `work`, if it comes within `limit`.
///
/// Errors: throws `errc::timed_out` when the limit has passed, with a text that
/// says so if `work` waited for a blocking call that never began; `work` is
/// destroyed where it waits. Work that never waits cannot be interrupted.
/// Cancellation: reaches `work`.
template <class T>
[[nodiscard]] detail::within_operation<T> within(duration limit, task<T> work) {
  return {limit, std::move(work)};
}

}  // namespace troupe
