#pragma once

#include "troupe/detail/fiber/fiber_owner.hpp"
#include "troupe/detail/fiber/held_permits.hpp"

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <variant>

namespace troupe {

template <class T = void>
class task;

/// The maximum depth of tasks that await each other.
inline constexpr std::uint32_t task_depth_max = 1'000;

namespace detail {

/// Errors: always throws `errc::too_deep`.
[[noreturn]] void throw_too_deep();
/// Errors: always throws a permanent `errc::bad_flow`.
[[noreturn]] void throw_empty_task();
/// Errors: always throws a permanent `errc::bad_flow`.
[[noreturn]] void throw_begun_task();

/// Told once when a task that nobody awaits directly has ended.
class completion {
 public:
  virtual void on_complete() noexcept = 0;

 protected:
  ~completion() = default;
};

/// The part of a promise that the coroutines of all tasks have in common: the
/// awaiting coroutine, and the host.
struct promise_base {
  /// The coroutine that awaits this task.
  std::coroutine_handle<> continuation;
  /// The object that is told of the end, besides.
  completion* told = nullptr;
  fiber_owner* host = nullptr;
  /// The permits of those that wait for the end of this one; null for none.
  const held_permits* held = nullptr;
  /// The permits it got itself by `semaphore::acquire`; made on demand.
  std::unique_ptr<held_permits> own;
  /// The number of tasks that wait for the end of this one, each for the next.
  std::uint32_t depth = 0;

  /// The depth of what this one awaits. A bound on it is one on the stack, as
  /// each of them starts, resumes and destroys the next within a call.
  [[nodiscard]] std::uint32_t depth_below() const {
    if (depth >= task_depth_max) throw_too_deep();
    return depth + 1;
  }

  /// The coroutine got a permit, and holds it until `permit` has gone.
  void note_held(const void* lender, const std::shared_ptr<permit_mark>& permit,
                 std::uint32_t count) {
    if (!own) {
      own = std::make_unique<held_permits>();
      own->above = std::exchange(held, own.get());
    }
    own->add(lender, permit, count);
  }

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      // Not a symmetric transfer: GCC makes no tail call of it without
      // optimisation or under a sanitizer, and a loop would eat the stack.
      // `self` may be destroyed by what runs here, so nothing follows.
      auto& promise = self.promise();
      if (promise.continuation) {
        promise.continuation.resume();
      } else if (promise.told != nullptr) {
        promise.told->on_complete();
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
};

/// The promise of a `task<T>`: its result, or what it threw.
template <class T>
class promise final : public promise_base {
 public:
  task<T> get_return_object() noexcept;
  void unhandled_exception() noexcept {
    result_.template emplace<2>(std::current_exception());
  }
  template <class U>
    requires(std::constructible_from<T, U&&>)
  void return_value(U&& value) {
    result_.template emplace<1>(std::forward<U>(value));
  }
  [[nodiscard]] bool has_thrown() const noexcept {
    return result_.index() == 2;
  }
  T take() {
    if (result_.index() == 2) std::rethrow_exception(std::get<2>(result_));
    return std::move(std::get<1>(result_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> result_;
};

template <>
class promise<void> final : public promise_base {
 public:
  inline task<void> get_return_object() noexcept;
  void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
  void return_void() const noexcept {}
  [[nodiscard]] bool has_thrown() const noexcept { return thrown_ != nullptr; }
  void take() {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

/// A coroutine whose host is known: any `task`.
template <class Promise>
concept hosted = std::derived_from<Promise, promise_base>;

}  // namespace detail
}  // namespace troupe
