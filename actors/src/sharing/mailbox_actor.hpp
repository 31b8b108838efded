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
class mailbox_order final : public wait_order {
 public:
  explicit mailbox_order(waker asker, value with = {})
      : wait_order(std::move(asker)), message(std::move(with)) {}

  value message;
};
using mailbox_order_ptr = caf::intrusive_ptr<mailbox_order>;

/// The messages to a `mailbox_actor`.
namespace mailbox_message {
struct send {
  mailbox_order_ptr order;
};
struct receive {
  mailbox_order_ptr order;
};
/// A message whose place is taken already.
struct put {
  mailbox_order_ptr order;
};
/// One that was not received after all.
struct put_back {
  mailbox_order_ptr order;
};
/// One who waited to send, or to receive, has gone away.
struct sender_left {};
struct receiver_left {};
/// The room is closed.
struct close {};
}  // namespace mailbox_message

/// How many messages there are room for, and are.
class mailbox_room {
 public:
  explicit mailbox_room(std::size_t most) noexcept : most_(most) {}

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
  /// Whether none is there, on its way here, or able to come back.
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

class mailbox_actor;

/// A message on its way to who receives it. Dies unopened if nobody does.
class delivery {
 public:
  delivery(lite_ptr<mailbox_actor> from, std::shared_ptr<mailbox_room> room,
           mailbox_order_ptr message) noexcept
      : from_(std::move(from)),
        room_(std::move(room)),
        message_(std::move(message)) {}
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  ~delivery();

  void load(lite_ptr<mailbox_actor> from, mailbox_order_ptr message) noexcept {
    from_ = std::move(from);
    message_ = std::move(message);
  }
  [[nodiscard]] value open();

 private:
  lite_ptr<mailbox_actor> from_;
  std::shared_ptr<mailbox_room> room_;
  mailbox_order_ptr message_;
};

/// Brings messages to those who receive them, first come, first served.
class mailbox_actor final : public lite_actor {
 public:
  using messages =
      message_set<mailbox_message::send, mailbox_message::receive,
                  mailbox_message::put, mailbox_message::put_back,
                  mailbox_message::sender_left, mailbox_message::receiver_left,
                  mailbox_message::close>;

  mailbox_actor(caf::actor_config& config, home& at,
                std::shared_ptr<mailbox_room> room)
      : lite_actor(config, at), room_(std::move(room)) {}

 private:
  friend class letter;

  void on(mailbox_message::send asked);
  void on(mailbox_message::receive asked);
  void on(mailbox_message::put sent);
  void on(mailbox_message::put_back returned);
  void on(mailbox_message::sender_left);
  void on(mailbox_message::receiver_left);
  void on(mailbox_message::close);

  /// Does all that can be done.
  void go_on();
  void let_in();
  void hand_out();
  void end_waits();
  template <class T>
  void end_all(waiting_line<mailbox_order>& line, T answer);
  void keep(mailbox_order_ptr order) noexcept;

  std::shared_ptr<mailbox_room> room_;
  /// In the orders with which they came, which can go back as they are.
  std::deque<mailbox_order_ptr> messages_;
  waiting_line<mailbox_order> senders_;
  waiting_line<mailbox_order> receivers_;
};

}  // namespace troupe::detail
