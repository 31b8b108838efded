#pragma once

#include <troupe/blocking.hpp>
#include <troupe/clock.hpp>
#include <troupe/detail/caf_version.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>

#include <coroutine>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

class fiber_actor;

/// The part of an `ask` that does not depend on types.
class request_wait : private waiter {
 protected:
  request_wait(caf::actor to, duration limit, caf::message content)
      : to_(std::move(to)), limit_(limit), content_(std::move(content)) {}
  request_wait(const request_wait&) = delete;
  request_wait& operator=(const request_wait&) = delete;
  /// Withdraws the request: a later answer is dropped.
  ~request_wait();

  template <hosted Promise>
  void suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    begin(host, enlist(host, self));
  }
  /// The answer. Errors: throws what `ask` says.
  caf::message take();
  [[noreturn]] static void refuse_answer();

 private:
  void begin(fiber_owner& host, wake_key key);
  void receive(void* answer) override;

  caf::actor to_;
  duration limit_;
  caf::message content_;
  fiber_actor* owner_ = nullptr;
  std::uint64_t request_ = 0;
  std::uint64_t timer_ = 0;
  std::optional<error> failure_;
};

/// See `ask`.
template <class Reply>
class [[nodiscard]] ask_operation final : private request_wait {
 public:
  ask_operation(caf::actor to, duration limit, caf::message content)
      : request_wait(std::move(to), limit, std::move(content)) {}

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    suspend(self);
  }
  Reply await_resume() {
    caf::message got = take();
    if constexpr (std::is_same_v<Reply, caf::message>) {
      return got;
    } else if constexpr (std::is_void_v<Reply>) {
      if (!got.empty()) refuse_answer();
    } else {
      if (!got.template match_elements<Reply>()) refuse_answer();
      return std::move(got.template get_mutable_as<Reply>(0));
    }
  }
};

/// True for a type of which a temporary, as part of a message, survives GCC 12
/// in a `co_await`: what a constructor made does.
template <class T>
concept message_beside_co_await =
    safe_beside_co_await<T> || !std::is_aggregate_v<std::remove_cvref_t<T>>;

}  // namespace detail

/// Awaitable: sends `message` as a request to the CAF actor `to` and returns
/// its answer, a `Reply`. The awaiting actor does other work meanwhile.
///
///     int sum = co_await troupe::ask<int>(calculator, 5s, 1, 2);
///
/// `Reply` may be `void` for an empty answer, and `caf::message` for any
/// answer. For a statically typed handle the compiler checks the message and
/// the reply. An element of `message` that is an aggregate must have a name.
///
/// Resolution of `limit`: one millisecond, never early.
/// Errors: throws `errc::timed_out` when no answer came within `limit`;
/// `errc::actor_died` as soon as `to` is known to have ended, also if it has
/// passed the request on; `errc::request_failed` if it answers with an error,
/// takes no such message, or throws, for which CAF answers before it ends the
/// actor; `errc::wrong_type` for an answer that is not a `Reply`.
/// Cancellation: the wait is withdrawn and an answer is dropped. CAF cannot
/// take back a message, so `to` is not told; put a `std::stop_token` into the
/// message if that matters.
template <class Reply, detail::actor_handle Handle, class... Ts>
[[nodiscard]] detail::ask_operation<Reply> ask(const Handle& to, duration limit,
                                               Ts&&... message) {
  static_assert((detail::message_beside_co_await<Ts> && ...),
                "give the message a name before co_await: GCC 12 corrupts an "
                "aggregate that is a temporary in such an expression");
  static_assert(detail::takes_message<Handle, Ts...>,
                "the interface of this actor does not accept this message");
  if constexpr (detail::takes_message<Handle, Ts...>) {
    static_assert(detail::may_answer<Handle, Reply, Ts...>,
                  "this actor does not answer this message with a Reply");
  }
  return {caf::actor_cast<caf::actor>(to), limit,
          caf::make_message(std::forward<Ts>(message)...)};
}

}  // namespace troupe
