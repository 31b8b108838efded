#pragma once

#include "core/waiting_line.hpp"

#include <troupe/value.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

/// A wait to send `message`, or to receive one. Once it is sent, the order
/// carries the message.
class channel_order final : public wait_order {
 public:
  explicit channel_order(waker asker, value with = {})
      : wait_order(std::move(asker)), message(std::move(with)) {}

  value message;
};
using channel_order_ptr = caf::intrusive_ptr<channel_order>;

/// The messages to a `channel_actor`.
namespace channel_message {
struct send {
  channel_order_ptr order;
};
struct receive {
  channel_order_ptr order;
};
/// A message whose place is taken already.
struct put {
  channel_order_ptr order;
};
/// One that was not received after all.
struct put_back {
  channel_order_ptr order;
};
/// One who waited to send, or to receive, has gone away.
struct sender_left {};
struct receiver_left {};
/// The room is closed.
struct close {};
}  // namespace channel_message

/// The capacity and the fill level of a channel.
class channel_room {
 public:
  explicit channel_room(std::size_t most) noexcept : most_(most) {}

  /// Takes a place, if one is free.
  [[nodiscard]] bool take() noexcept;
  void give_back() noexcept { used_.fetch_sub(1); }
  void close() noexcept { is_closed_.store(true); }
  [[nodiscard]] bool is_closed() const noexcept { return is_closed_.load(); }

  /// A message is on its way to a receiver, who may be gone.
  void send_off() noexcept {
    away_.fetch_add(1);
    give_back();
  }
  void arrive() noexcept { away_.fetch_sub(1); }
  void come_back() noexcept {
    exceed();
    arrive();
  }
  /// Returns whether none is there, on its way here, or able to come back.
  [[nodiscard]] bool is_drained() const noexcept {
    return used_.load() == 0 && away_.load() == 0;
  }

 private:
  /// One more than there is room for.
  void exceed() noexcept { used_.fetch_add(1); }

  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> away_{0};
  std::atomic<bool> is_closed_{false};
};

class channel_actor;

/// A message on its way to who receives it. Dies unopened if nobody does.
class delivery {
 public:
  delivery(lite_ptr<channel_actor> from, std::shared_ptr<channel_room> room,
           channel_order_ptr message) noexcept
      : from_(std::move(from)),
        room_(std::move(room)),
        message_(std::move(message)) {}
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  ~delivery();

  void load(lite_ptr<channel_actor> from, channel_order_ptr message) noexcept {
    from_ = std::move(from);
    message_ = std::move(message);
  }
  [[nodiscard]] value open();

 private:
  lite_ptr<channel_actor> from_;
  std::shared_ptr<channel_room> room_;
  channel_order_ptr message_;
};

/// Brings messages to those who receive them, first come, first served.
class channel_actor final : public lite_actor {
 public:
  using messages =
      message_set<channel_message::send, channel_message::receive,
                  channel_message::put, channel_message::put_back,
                  channel_message::sender_left, channel_message::receiver_left,
                  channel_message::close>;

  channel_actor(caf::actor_config& config, home& at,
                std::shared_ptr<channel_room> room)
      : lite_actor(config, at), room_(std::move(room)) {}

 private:
  friend class envelope;

  void on(channel_message::send asked);
  void on(channel_message::receive asked);
  void on(channel_message::put sent);
  void on(channel_message::put_back returned);
  void on(channel_message::sender_left);
  void on(channel_message::receiver_left);
  void on(channel_message::close);

  /// Does all that can be done.
  void go_on();
  void let_in();
  void hand_out();
  void end_waits();
  template <class T>
  void end_all(waiting_line<channel_order>& line, T answer);
  void keep(channel_order_ptr order) noexcept;

  std::shared_ptr<channel_room> room_;
  /// In the orders with which they came, which can go back as they are.
  std::deque<channel_order_ptr> messages_;
  waiting_line<channel_order> senders_;
  waiting_line<channel_order> receivers_;
};

}  // namespace troupe::detail
