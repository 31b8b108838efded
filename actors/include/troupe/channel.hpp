#pragma once

#include <troupe/task.hpp>
#include <troupe/value.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace troupe {

class system;

namespace detail {
class channel_core;
class ticket;
}  // namespace detail

/// Options of a `channel`.
struct channel_options {
  /// Messages that wait to be received. At least 1.
  std::size_t messages_max = 1024;
};

/// See `channel::send`.
class [[nodiscard]] send_operation final : private detail::waiter {
 public:
  send_operation(std::shared_ptr<detail::channel_core> line, value message);
  send_operation(const send_operation&) = delete;
  send_operation& operator=(const send_operation&) = delete;
  ~send_operation();

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    order(host, enlist(host, self));
  }
  void await_resume() const;

 private:
  void order(detail::fiber_owner& host, detail::wake_key key);
  void receive(void* answer) override;

  std::shared_ptr<detail::channel_core> line_;
  value message_;
  std::shared_ptr<detail::ticket> place_;
  bool is_closed_ = false;
};

/// See `channel::receive`.
class [[nodiscard]] receive_operation final : private detail::waiter {
 public:
  explicit receive_operation(std::shared_ptr<detail::channel_core> line);
  receive_operation(const receive_operation&) = delete;
  receive_operation& operator=(const receive_operation&) = delete;
  ~receive_operation();

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    order(host, enlist(host, self));
  }
  std::optional<value> await_resume() { return std::move(message_); }

 private:
  void order(detail::fiber_owner& host, detail::wake_key key);
  void receive(void* answer) override;

  std::shared_ptr<detail::channel_core> line_;
  std::shared_ptr<detail::ticket> place_;
  std::optional<value> message_;
};

/// A bounded queue of messages, through which runs talk to each other:
///
///     const troupe::channel box{runtime};
///     co_await box.send("What is the better drink?");  // in one node
///     const auto heard = co_await box.receive();       // in another
///
/// It is an actor, and this a handle to it: copies are the same channel. First
/// come, first served, among messages, senders and receivers.
///
/// It may be destroyed after its system, but not be used after it.
///
/// Thread safety: immutable.
class channel {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options.
  explicit channel(system& where) : channel(where, channel_options{}) {}
  channel(system& where, channel_options options);

  /// Awaitable: puts a message in, after waiting for room.
  /// Errors: throws a permanent `errc::request_failed` once it is closed.
  /// Cancellation: while it waits for room, nothing has been sent.
  [[nodiscard]] send_operation send(value message) const;
  /// Puts a message in if there is room and it is not closed. Returns whether
  /// it did.
  bool try_send(value message) const;

  /// Awaitable: takes the next message, after waiting for one. Nothing once it
  /// is closed and empty.
  /// Cancellation: a message that was on its way goes back to the front.
  [[nodiscard]] receive_operation receive() const;

  /// Closes it: no more messages are accepted. Those inside can still be
  /// received.
  void close() const;

 private:
  std::shared_ptr<detail::channel_core> line_;
};

}  // namespace troupe
