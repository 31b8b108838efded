#pragma once

#include "troupe/error.hpp"
#include "troupe/task.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

/// The effect of an exception of one task on `gather`.
enum class on_error : std::uint8_t {
  /// Destroys the others where they wait and throws at once.
  cancel_others,
  /// Waits for all and then throws the error of the first task in order.
  wait_for_all,
};

/// Options of `gather`.
struct gather_options {
  /// The maximum number of tasks that are started and not ended. At least 1.
  std::size_t width = 1024;
  on_error error_rule = on_error::cancel_others;
};

namespace detail {

/// See `gather`.
template <class T>
class [[nodiscard]] gather_operation {
 public:
  gather_operation(std::vector<task<T>> tasks, gather_options options)
      : tasks_(std::move(tasks)), options_(options) {
    if (options_.width < 1) {
      throw error{errc::bad_flow,
                  "gather_options.width must be at least 1, but is 0; it is "
                  "the number of tasks that run at once"};
    }
  }
  gather_operation(const gather_operation&) = delete;
  gather_operation& operator=(const gather_operation&) = delete;

  bool await_ready() const noexcept { return tasks_.empty(); }

  template <hosted Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    host_ = self.promise().host;
    depth_ = self.promise().depth_below();
    held_ = self.promise().held;
    entries_.reserve(tasks_.size());
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      entries_.emplace_back(*this, i);
    }
    if (pump()) return false;
    parent_ = self;
    return true;
  }

  auto await_resume() {
    if (failed_) rethrow(*failed_);
    if constexpr (std::is_void_v<T>) {
      for (auto& one : tasks_) one.take();
    } else {
      std::vector<T> results;
      results.reserve(tasks_.size());
      for (auto& one : tasks_) results.push_back(one.take());
      return results;
    }
  }

 private:
  class entry final : public completion {
   public:
    entry(gather_operation& owner, std::size_t index) noexcept
        : owner_(&owner), index_(index) {}
    void on_complete() noexcept override { owner_->on_end(index_); }

   private:
    gather_operation* owner_;
    std::size_t index_;
  };

  /// Starts tasks while there is room. Returns whether all is over.
  bool pump() {
    pumping_ = true;
    while (!stopped_ && next_ < tasks_.size() && running_ < options_.width) {
      const std::size_t index = next_++;
      ++running_;
      if (tasks_[index].start(*host_, &entries_[index], depth_, held_)) {
        note_end(index);
      }
    }
    pumping_ = false;
    return stopped_ || (running_ == 0 && next_ == tasks_.size());
  }

  void note_end(std::size_t index) {
    --running_;
    if (options_.error_rule == on_error::wait_for_all) return;
    if (tasks_[index].has_thrown()) {
      failed_ = index;
      stopped_ = true;
    }
  }

  // Called from the last suspension of task `index`, perhaps deep in pump().
  void on_end(std::size_t index) noexcept {
    note_end(index);
    if (pumping_) return;
    if (pump()) parent_.resume();
  }

  [[noreturn]] void rethrow(std::size_t index) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (i != index) tasks_[i].reset();
    }
    tasks_[index].take();
    std::terminate();
  }

  std::vector<task<T>> tasks_;
  gather_options options_;
  std::vector<entry> entries_;
  fiber_owner* host_ = nullptr;
  std::uint32_t depth_ = 0;
  const held_permits* held_ = nullptr;
  std::coroutine_handle<> parent_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::optional<std::size_t> failed_;
  bool stopped_ = false;
  bool pumping_ = false;
};

}  // namespace detail

/// Awaitable: runs `tasks` side by side on the actor that awaits it, at most
/// `options.width` at once, and returns their results in the order of `tasks`.
///
/// Errors: as `options.error_rule` says; later errors are dropped. The call
/// throws `errc::bad_flow` for a width of 0.
/// Cancellation: reaches every task.
template <class T>
[[nodiscard]] detail::gather_operation<T> gather(std::vector<task<T>> tasks,
                                                 gather_options options) {
  return {std::move(tasks), options};
}
template <class T>
[[nodiscard]] detail::gather_operation<T> gather(std::vector<task<T>> tasks) {
  return {std::move(tasks), gather_options{}};
}

}  // namespace troupe
