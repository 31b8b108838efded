#pragma once

#include <troupe/detail/fiber/held_permits.hpp>
#include <troupe/detail/fiber/permit_answer.hpp>
#include <troupe/limit.hpp>
#include <troupe/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace troupe {

class system;

namespace detail {
class semaphore_line;
class ticket;
}  // namespace detail

/// Options of a `semaphore`.
struct semaphore_options {
  /// The number of permits in all. At least 1.
  std::uint32_t permits = 1;
  /// The maximum number of coroutines that wait for permits. At least 1.
  std::size_t waiting_max = 1'000'000;
};

/// A permit lent by a `semaphore`. It goes back when this is destroyed, so on
/// every way out of a coroutine: its end, an exception, and cancellation.
///
/// It must not outlive the semaphore's system.
///
/// Thread safety: confined to one actor or task. It may be destroyed on any
/// thread.
class [[nodiscard]] permit {
 public:
  /// Stands for no permit.
  permit() noexcept = default;
  permit(permit&& other) noexcept : mark_(std::move(other.mark_)) {
    note_moved();
  }
  permit& operator=(permit&& other) noexcept {
    mark_ = std::move(other.mark_);
    note_moved();
    return *this;
  }
  permit(const permit&) = delete;
  permit& operator=(const permit&) = delete;
  ~permit() = default;

  /// Gives it back before its end.
  void release() noexcept { mark_.reset(); }
  /// True unless it was given back or moved from.
  [[nodiscard]] explicit operator bool() const noexcept {
    return mark_ != nullptr;
  }

 private:
  friend class acquire_operation;
  explicit permit(std::shared_ptr<detail::permit_mark> mark) noexcept
      : mark_(std::move(mark)) {}

  void note_moved() noexcept {
    if (mark_) mark_->was_moved.store(true);
  }

  std::shared_ptr<detail::permit_mark> mark_;
};

/// See `semaphore::acquire`.
class [[nodiscard]] acquire_operation final : private detail::waiter {
 public:
  acquire_operation(std::shared_ptr<detail::semaphore_line> line,
                    std::uint32_t count) noexcept
      : line_(std::move(line)), count_(count) {}
  acquire_operation(const acquire_operation&) = delete;
  acquire_operation& operator=(const acquire_operation&) = delete;
  ~acquire_operation();

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    asker_ = &self.promise();
    stand_in_line(host, enlist(host, self));
  }
  permit await_resume() { return take(); }

 private:
  void stand_in_line(detail::fiber_owner& host, detail::wake_key key);
  void receive(void* answer) override;
  permit take();

  std::shared_ptr<detail::semaphore_line> line_;
  std::uint32_t count_;
  detail::promise_base* asker_ = nullptr;
  std::shared_ptr<detail::ticket> place_;
  detail::permit_answer got_;
};

/// A counting semaphore for all coroutines of a system, whatever their node,
/// run or sub-flow:
///
///     troupe::semaphore seats{runtime, 3};
///     const auto seat = co_await seats.acquire();
///
/// It is an actor, and this a handle to it: copies lend the same permits. For
/// the attempts of one node, `concurrency` in its options does the same.
///
/// Fair: first come, first served. A request for many permits is not overtaken
/// by requests for few. The queue is bounded by `waiting_max`.
///
/// It may be destroyed after its system, but not be used after it.
///
/// Thread safety: immutable. Any thread may call `acquire`.
class semaphore {
 public:
  /// Errors: throws `errc::bad_flow` for less than one permit.
  semaphore(system& where, std::uint32_t permits);
  /// Errors: throws `errc::bad_flow` for an option that is less than 1.
  semaphore(system& where, const semaphore_options& options);

  /// Awaitable: returns `count` permits as one, after waiting for them in the
  /// queue. Wrap it in `within` for a time limit.
  ///
  /// Errors: throws `errc::bad_flow` for 0, and for more than there are; a
  /// permanent `errc::deadlock` if the permits can never come, because their
  /// holders wait for something that this coroutine holds, here or at other
  /// semaphores; `errc::overloaded` if `waiting_max` coroutines wait already.
  /// Cancellation: the place in line is given up. Permits that were on their
  /// way go back.
  [[nodiscard]] acquire_operation acquire(std::uint32_t count = 1) const;

  /// For `node_options::limits`: an attempt holds a permit.
  // Not explicit, so that a node's options may name it.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator limit() const;

  /// Returns the number of permits in all.
  [[nodiscard]] std::uint32_t size() const noexcept { return permits_; }

 private:
  std::shared_ptr<detail::semaphore_line> line_;
  std::uint32_t permits_;
};

}  // namespace troupe
