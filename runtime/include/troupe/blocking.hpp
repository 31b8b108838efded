#pragma once

#include "troupe/detail/fiber/held_permits.hpp"
#include "troupe/detail/node/unbegun_note.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/error.hpp"
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
#include <vector>

namespace troupe {

namespace detail {

/// A call and its result. The waiting task may drop it while the pool runs it:
/// `stage_` decides which of the two comes first.
///
/// Thread safety: internally synchronised. `run`, `refuse` and `is_dropped` are
/// for the pool, the others for the waiting task.
template <class F>
class typed_blocking_job final : public blocking_job {
 public:
  using result_type = std::invoke_result_t<F&>;

  explicit typed_blocking_job(F work) : work_(std::move(work)) {}

  /// The permits of the attempt that makes the call, held until the call has
  /// ended, even if nobody waits for it any more. Called before the call is
  /// queued.
  void keep(const held_permits* mine) {
    if (mine == nullptr) return;
    permits_ = permits_in(mine);
    held_ = tokens_in(mine);
  }
  [[nodiscard]] std::vector<held_token> held() const override { return held_; }

  /// Tells that nobody waits for it any more, so it need not begin. Returns
  /// whether it has not begun.
  bool drop() noexcept {
    auto expected = stage::queued;
    if (!stage_.compare_exchange_strong(expected, stage::dropped)) return false;
    let_go();
    return true;
  }
  [[nodiscard]] bool is_dropped() const noexcept override {
    return stage_.load() == stage::dropped;
  }
  /// The time at which it began; nothing if it has not.
  [[nodiscard]] std::optional<time_point> began() const noexcept {
    if (stage_.load() != stage::begun) return {};
    return began_;
  }

  void run(time_point now) noexcept override {
    began_ = now;
    auto expected = stage::queued;
    if (!stage_.compare_exchange_strong(expected, stage::begun)) return;
    try {
      if constexpr (std::is_void_v<result_type>) {
        (*work_)();
        result_.template emplace<1>();
      } else {
        result_.template emplace<1>((*work_)());
      }
    } catch (...) {
      result_.template emplace<2>(std::current_exception());
    }
    let_go();
  }

  void refuse(error why) noexcept override {
    auto expected = stage::queued;
    if (!stage_.compare_exchange_strong(expected, stage::begun)) return;
    result_.template emplace<2>(std::make_exception_ptr(std::move(why)));
    let_go();
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

  void let_go() noexcept {
    work_.reset();
    permits_.clear();
  }

  std::optional<F> work_;
  std::vector<std::shared_ptr<void>> permits_;
  std::vector<held_token> held_;
  std::variant<std::monostate, stored, std::exception_ptr> result_;
  time_point began_{};
  std::atomic<stage> stage_{stage::queued};
};

/// See `blocking`.
template <class F>
class [[nodiscard]] blocking_operation final : private waiter {
 public:
  explicit blocking_operation(F work)
      : job_(std::make_shared<typed_blocking_job<F>>(std::move(work))) {}

  ~blocking_operation() {
    if (!job_->drop() || host() == nullptr) return;
    unbegun_note::leave(host()->now() - queued_);
    host()->on_job_dropped();
  }

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    queued_ = host.now();
    job_->keep(self.promise().held);
    const auto key = enlist(host, self);
    host.run_blocking(job_, key);
  }
  auto await_resume() { return job_->take(); }

 private:
  std::shared_ptr<typed_blocking_job<F>> job_;
  time_point queued_{};
};

/// True for a type of which a temporary survives GCC 12 in a `co_await`.
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
    static_assert(!may_view<std::invoke_result_t<std::remove_cvref_t<F>&>,
                            std::remove_cvref_t<F>>,
                  "the result of the call may refer to its captures, which end "
                  "with the call: return a value, not a view");
    return blocking_operation<std::remove_cvref_t<F>>{std::forward<F>(work)};
  }
};

}  // namespace detail

/// `co_await blocking(work)` runs `work()` on the system's bounded pool of
/// blocking threads and returns its result. The actor handles other messages
/// meanwhile. In node options, `.threads = blocking` does the same with a whole
/// `exec`.
///
/// `work` is copied. A lambda with captures must have a name:
///
///     auto read = [path] { return slurp(path); };
///     auto text = co_await troupe::blocking(read);
///
/// While all threads are busy it waits for one; a warning event is emitted if
/// that takes longer than `system_options::watchdog`.
///
/// Errors: throws what `work` throws; `errc::overloaded` if no thread can be
/// started; `errc::deadlock` if all threads wait in `run::get` for runs that
/// wait for a thread themselves; `errc::shut_down` if the system ends first.
/// Cancellation: a running call goes on to its end and keeps the permits of its
/// attempt, and its result is dropped; a call that waits for a thread does not
/// begin.
inline constexpr detail::blocking_t blocking{};

}  // namespace troupe
