#pragma once

#include "troupe/blocking.hpp"
#include "troupe/detail/node/unbegun_note.hpp"

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

/// A call on the blocking pool with a time limit that begins when the call
/// does, so that waiting for a thread does not count. To be awaited until it
/// gives true:
///
///     timed_call<F> call{limit, std::move(work)};
///     while (!co_await call) {
///     }
///     co_return call.take();
///
/// Errors: throws `errc::timed_out`; and what `blocking` throws.
/// Cancellation: that of `blocking`.
template <class F>
class [[nodiscard]] timed_call final {
 public:
  timed_call(duration limit, F work)
      : limit_(limit),
        job_(std::make_shared<typed_blocking_job<F>>(std::move(work))) {}
  timed_call(const timed_call&) = delete;
  timed_call& operator=(const timed_call&) = delete;
  ~timed_call() {
    if (job_->drop() && host_ != nullptr) host_->on_job_dropped();
  }

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    if (host_ == nullptr) {
      job_->keep(self.promise().held);
      host.run_blocking(job_, answer_.await(host, self));
      host_ = &host;
    }
    timer_.arm(host, self, due());
  }
  bool await_resume() {
    timer_.disarm();
    if (answer_.is_there()) return true;
    const auto began = job_->began();
    if (began && host_->now() >= after(*began, limit_)) throw_timed_out({});
    return false;
  }
  auto take() { return job_->take(); }

 private:
  class answer final : private waiter {
   public:
    template <class Promise>
    wake_key await(fiber_owner& host, std::coroutine_handle<Promise> self) {
      return enlist(host, self);
    }
    [[nodiscard]] bool is_there() const noexcept { return host() == nullptr; }
  };

  class alarm final : private waiter {
   public:
    ~alarm() { disarm(); }
    template <class Promise>
    void arm(fiber_owner& host, std::coroutine_handle<Promise> self,
             time_point due) {
      const auto key = enlist(host, self);
      timer_ = host.wake_at(due, key);
    }
    void disarm() noexcept {
      if (host() == nullptr) return;
      host()->cancel_timer(timer_);
      withdraw();
    }

   private:
    std::uint64_t timer_ = 0;
  };

  // A call that has not begun will not be over any sooner than this, so no
  // message has to tell of its beginning.
  [[nodiscard]] time_point due() const noexcept {
    return after(job_->began().value_or(host_->now()), limit_);
  }

  duration limit_;
  std::shared_ptr<typed_blocking_job<F>> job_;
  fiber_owner* host_ = nullptr;
  answer answer_;
  alarm timer_;
};

}  // namespace troupe::detail
