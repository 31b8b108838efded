#pragma once

#include "troupe/detail/unbegun_note.hpp"
#include "troupe/task.hpp"
#include "troupe/threads.hpp"

#include <atomic>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe {

namespace detail {

template <class F>
class typed_blocking_job final : public blocking_job {
 public:
  using result_type = std::invoke_result_t<F&>;

  explicit typed_blocking_job(F work) : work_(std::move(work)) {}

  /// Nobody waits for it any more: it need not begin. Returns whether it has
  /// not begun.
  bool drop() noexcept {
    auto expected = stage::queued;
    return stage_.compare_exchange_strong(expected, stage::dropped);
  }

  void run() noexcept override {
    auto expected = stage::queued;
    if (!stage_.compare_exchange_strong(expected, stage::begun)) return;
    try {
      if constexpr (std::is_void_v<result_type>) {
        work_();
        result_.template emplace<1>();
      } else {
        result_.template emplace<1>(work_());
      }
    } catch (...) {
      result_.template emplace<2>(std::current_exception());
    }
  }

  result_type take() {
    if (result_.index() == 0) throw_unbegun();
    if (result_.index() == 2) std::rethrow_exception(std::get<2>(result_));
    if constexpr (!std::is_void_v<result_type>) {
      return std::move(std::get<1>(result_));
    }
  }

 private:
  enum class stage : std::uint8_t { queued, begun, dropped };
  using stored = std::conditional_t<std::is_void_v<result_type>, std::monostate,
                                    result_type>;

  F work_;
  std::variant<std::monostate, stored, std::exception_ptr> result_;
  std::atomic<stage> stage_{stage::queued};
};

/// See `blocking`.
template <class F>
class [[nodiscard]] blocking_operation final : private waiter {
 public:
  explicit blocking_operation(F work)
      : job_(std::make_shared<typed_blocking_job<F>>(std::move(work))) {}

  ~blocking_operation() {
    if (job_->drop() && host() != nullptr) {
      unbegun_note::leave(host()->now() - queued_);
    }
  }

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    queued_ = host.now();
    const auto key = enlist(host, self);
    host.run_blocking(job_, key);
  }
  auto await_resume() { return job_->take(); }

 private:
  std::shared_ptr<typed_blocking_job<F>> job_;
  time_point queued_{};
};

/// Whether a temporary of this type survives GCC 12 in a `co_await`.
template <class F>
concept safe_beside_co_await = std::is_lvalue_reference_v<F> ||
    std::is_trivially_copyable_v<std::remove_cvref_t<F>>;

struct blocking_t {
  constexpr operator threads() const noexcept { return threads::blocking; }

  template <class F>
    requires(std::invocable<std::remove_cvref_t<F>&>)
  [[nodiscard]] auto operator()(F&& work) const {
    static_assert(safe_beside_co_await<F>,
                  "give the lambda a name before co_await: GCC 12 corrupts a "
                  "capturing lambda that is a temporary in such an expression");
    return blocking_operation<std::remove_cvref_t<F>>{std::forward<F>(work)};
  }
};

}  // namespace detail

/// `co_await blocking(work)` runs `work()` on the system's bounded pool of
/// blocking threads and gives its result. The actor goes on with other
/// messages meanwhile. In node options, `.threads = blocking` does the same
/// with a whole `exec`.
///
/// `work` is copied. A lambda with captures must have a name:
///
///     auto read = [path] { return slurp(path); };
///     auto text = co_await troupe::blocking(read);
///
/// Errors: throws what `work` throws; `errc::overloaded` if the pool's queue
/// is full; `errc::shut_down` if the system ends first.
/// Cancellation: a call that runs goes on to its end, its result is dropped;
/// one that waits for a thread does not begin.
inline constexpr detail::blocking_t blocking{};

}  // namespace troupe
