#pragma once

#include <troupe/limit.hpp>
#include <troupe/rate.hpp>
#include <troupe/task.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace troupe {

class system;

namespace detail {
class ticket;
class rate_line;
}  // namespace detail

/// Options of a `rate_limit`.
struct rate_limit_options {
  /// The requests that may pass.
  rate requests;
  /// The tokens, or other units that `acquire` counts, that may pass with them.
  std::optional<rate> tokens = {};
  /// The share of both that is used, more than 0 and up to 1. The rest is room
  /// for messages that a network brings closer together than they were sent.
  double share = 0.98;
  /// The maximum number of requests that wait. At least 1.
  std::size_t waiting_max = 1'000'000;
};

/// A permission to make one request, granted by a `rate_limit`.
///
/// It must not outlive the limit's system.
///
/// Thread safety: confined to one actor or task.
class rate_pass {
 public:
  rate_pass(rate_pass&&) noexcept = default;
  rate_pass& operator=(rate_pass&&) noexcept = default;
  rate_pass(const rate_pass&) = delete;
  rate_pass& operator=(const rate_pass&) = delete;
  ~rate_pass() = default;

  /// Corrects the number of tokens that it took. A pass that is never corrected
  /// took the number it was acquired with. More than that counts for one window
  /// at most, as `rate_meter` says, because a peer may have made the number up:
  /// if one call takes more than a window, tell `acquire`.
  void used(double tokens);
  /// Tells that the request was not made: the pass counts as never given. It is
  /// of no use afterwards.
  void give_back();

 private:
  friend class pass_operation;
  rate_pass(std::shared_ptr<detail::rate_line> line, double tokens) noexcept
      : line_(std::move(line)), tokens_(tokens) {}

  std::shared_ptr<detail::rate_line> line_;
  double tokens_;
};

/// See `rate_limit::acquire`.
class [[nodiscard]] pass_operation final : private detail::waiter {
 public:
  pass_operation(std::shared_ptr<detail::rate_line> line,
                 double tokens) noexcept
      : line_(std::move(line)), tokens_(tokens) {}
  pass_operation(const pass_operation&) = delete;
  pass_operation& operator=(const pass_operation&) = delete;
  ~pass_operation();

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    stand_in_line(host, enlist(host, self));
  }
  rate_pass await_resume();

 private:
  void stand_in_line(detail::fiber_owner& host, detail::wake_key key);
  void receive(void* answer) override;

  std::shared_ptr<detail::rate_line> line_;
  double tokens_;
  std::shared_ptr<detail::ticket> place_;
  bool is_refused_ = false;
};

/// A rate limit for all coroutines of a system, whatever their node, run or
/// sub-flow:
///
///     troupe::rate_limit_options allowed;
///     allowed.requests = {.amount = 500, .per = 1min};
///     const troupe::rate_limit limit{runtime, allowed};
///     auto pass = co_await limit.acquire();
///
/// It is an actor, and this a handle to it: copies keep one rate together.
///
/// Fair: first come, first served. `rate_meter` documents the algorithm.
///
/// It may be destroyed after its system, but not be used after it.
///
/// Thread safety: immutable.
class rate_limit {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options.
  rate_limit(system& where, const rate_limit_options& options);

  /// Awaitable: returns a pass, after waiting for it in the queue. `tokens` is
  /// the number that is likely to be used; `rate_pass::used` corrects it.
  ///
  /// Errors: throws `errc::bad_value` for a number of tokens that is negative
  /// or not finite, and a permanent one for more than the limit ever grants at
  /// once: more than both `amount` and `burst`; `errc::overloaded` when
  /// `waiting_max` wait.
  /// Cancellation: the place in line is given up. A pass that was on its way
  /// goes back, and counts as never given.
  [[nodiscard]] pass_operation acquire(double tokens = 0) const;

  /// For `node_options::limits`: an attempt takes a pass, and one that fails
  /// with `errc::rate_limited` slows the rate down as `back_off` does.
  // Not explicit, so that a node's options may name it.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator limit() const;

  /// Halves the rates, for a server that says that it was too much; they grow
  /// back as `rate_meter::back_off` says. Nothing passes within `pause`, which
  /// is cut to a day, or to one window if that is longer.
  void back_off(duration pause = duration::zero()) const;

 private:
  std::shared_ptr<detail::rate_line> line_;
};

}  // namespace troupe
