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
class place_in_line;
class rate_line;
}  // namespace detail

/// What a `rate_limit` is made with.
struct rate_limit_options {
  /// How many may pass.
  rate requests;
  /// How many tokens, or whatever else `acquire` counts, may pass with them.
  std::optional<rate> tokens = {};
  /// How much of both is used, more than 0 and up to 1. The rest is room for
  /// messages that a network brings closer together than they were sent.
  double share = 0.98;
  /// Who waits in line at most. At least 1.
  std::size_t waiting_max = 1'000'000;
};

/// Leave to do something once, given by a `rate_limit`.
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

  /// Sets right how many tokens it took. One that is never told took what was
  /// asked for. What is more than that counts for one window at most, as
  /// `rate_meter` says, because it may be a number that a peer made up: where
  /// one call takes more than a window, say so to `acquire`.
  void used(double tokens);
  /// What it was for did not happen: it counts as never given. It is of no use
  /// afterwards.
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
  void stand_in_line(detail::fiber_host& host, detail::wake_key key);
  void receive(void* answer) override;

  std::shared_ptr<detail::rate_line> line_;
  double tokens_;
  std::shared_ptr<detail::place_in_line> place_;
  bool is_refused_ = false;
};

/// Keeps a rate for all the coroutines of a system, of whatever node, run or
/// sub-flow, as a server asks for:
///
///     troupe::rate_limit_options allowed;
///     allowed.requests = {.amount = 500, .per = 1min};
///     const troupe::rate_limit limit{runtime, allowed};
///     auto pass = co_await limit.acquire();
///
/// It is an actor, and this a handle to it: copies keep one rate together.
///
/// Fair: first come, first served. See `rate_meter` for how a rate is kept.
///
/// It may be destroyed after its system, but not be used after it.
///
/// Thread safety: immutable; may be used anywhere.
class rate_limit {
 public:
  /// Errors: throws `errc::bad_flow` for options that make no sense.
  rate_limit(system& where, const rate_limit_options& options);

  /// Awaitable: gives a pass, after waiting in line for it. `tokens` are those
  /// that are likely to be used; `rate_pass::used` sets them right.
  ///
  /// Errors: throws `errc::bad_value` for a number of tokens that is negative
  /// or none, and a permanent one for more than the limit ever gives at once:
  /// more than both `amount` and `burst`; `errc::overloaded` when `waiting_max`
  /// wait.
  /// Cancellation: the place in line is given up. A pass that was on its way
  /// goes back, and counts as never given.
  [[nodiscard]] pass_operation acquire(double tokens = 0) const;

  /// For `node_options::limits`: an attempt takes a pass, and one that fails
  /// with `errc::rate_limited` slows the rate down as `back_off` does.
  // Not explicit, so that a node's options may name it.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator limit() const;

  /// The server says that it was too much: the rates are halved, and grow back
  /// as `rate_meter::back_off` says. Nothing passes within `pause`, of which a
  /// day counts at most, or one window where that is longer.
  void back_off(duration pause = duration::zero()) const;

 private:
  std::shared_ptr<detail::rate_line> line_;
};

}  // namespace troupe
