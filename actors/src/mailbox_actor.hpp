#pragma once

#include "fiber_actor.hpp"

#include <troupe/value.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

/// The kinds of signals to a mailbox.
namespace mailbox_signal {
/// `body` is a `mailbox_order`.
inline constexpr std::uint32_t send = signal_kind::own;
inline constexpr std::uint32_t receive = signal_kind::own + 1;
/// A message whose place is taken already; `body` is a `mailbox_order`.
inline constexpr std::uint32_t put = signal_kind::own + 2;
/// One that was not received after all; `body` is a `mailbox_order`.
inline constexpr std::uint32_t put_back = signal_kind::own + 3;
/// Some that wait have gone away.
inline constexpr std::uint32_t look_again = signal_kind::own + 4;
inline constexpr std::uint32_t close = signal_kind::own + 5;
}  // namespace mailbox_signal

/// Who waits, and with what.
class mailbox_order final : public payload {
 public:
  explicit mailbox_order(waker asker, value with = {})
      : who(std::move(asker)), message(std::move(with)) {}

  waker who;
  value message;
  /// Set from the actor that waited: it does so no more.
  std::atomic<bool> gone{false};
};
using mailbox_order_ptr = caf::intrusive_ptr<mailbox_order>;

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
  mailbox_actor(caf::actor_config& config, home& at,
                std::shared_ptr<mailbox_room> room)
      : lite_actor(config, at), room_(std::move(room)) {}

 private:
  using line = std::deque<mailbox_order_ptr>;

  void on_signal(signal& received) override;
  void let_in();
  void hand_out();
  void end_waits();
  void keep(mailbox_order_ptr order) noexcept;
  void drop_gone();

  std::shared_ptr<mailbox_room> room_;
  /// In the orders with which they came, which can go back as they are.
  line messages_;
  line senders_;
  line receivers_;
  /// Those in line that were told to be gone and are not dropped yet.
  std::size_t gone_ = 0;
};

}  // namespace troupe::detail
