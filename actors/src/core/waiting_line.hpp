#pragma once

#include "core/fiber_actor.hpp"
#include "threads/insist.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace troupe::detail {

/// A wait for what an actor hands out. It ends once: the actor answers it, or
/// the waiting task withdraws it; the first one decides.
///
/// Thread safety: internally synchronised. Any thread may end it.
class wait_order : public payload {
 public:
  explicit wait_order(waker asker) : who_(std::move(asker)) {}

  /// True until it ends.
  [[nodiscard]] bool is_open() const noexcept { return !is_ended_.load(); }
  /// Ends it, and returns whom to answer; nothing if it has ended before.
  [[nodiscard]] std::optional<waker> claim() noexcept {
    if (is_ended_.exchange(true)) return std::nullopt;
    return std::exchange(who_, waker{});
  }
  /// Ends it without an answer. Returns whether it was open. The actor that
  /// waited is let go at once: the actor that hands out may never have another
  /// turn, and its line would keep the other alive.
  bool withdraw() noexcept { return claim().has_value(); }

 private:
  waker who_;
  std::atomic<bool> is_ended_{false};
};

/// A wait, from the side of the waiting task.
class ticket {
 public:
  explicit ticket(caf::intrusive_ptr<wait_order> placed)
      : order_(std::move(placed)) {}

  bool withdraw() noexcept { return order_->withdraw(); }

 private:
  caf::intrusive_ptr<wait_order> order_;
};

/// The waits for what one actor hands out, first come, first served. A wait
/// that was withdrawn stays in it until it comes to the front, or until such
/// waits are half of it.
///
/// Thread safety: confined to one actor or task.
template <class Order>
class waiting_line {
 public:
  using order_ptr = caf::intrusive_ptr<Order>;

  void push(order_ptr added) noexcept {
    insist([&] { orders_.push_back(added); });
  }

  /// The first wait that is open, or null. Drops those before it.
  [[nodiscard]] Order* first() noexcept {
    while (!orders_.empty()) {
      if (orders_.front()->is_open()) return orders_.front().get();
      orders_.pop_front();
      --withdrawn_;
    }
    return nullptr;
  }
  /// A wait that is to be answered.
  struct taken {
    order_ptr order;
    waker who;
  };
  /// Takes the first out of the line; nothing if it was withdrawn since
  /// `first()` gave it. @pre `first()` is not null
  std::optional<taken> take() noexcept {
    assert(!orders_.empty());
    auto order = std::move(orders_.front());
    orders_.pop_front();
    auto who = order->claim();
    if (who) return taken{std::move(order), *std::move(who)};
    --withdrawn_;
    return std::nullopt;
  }

  /// Counts a wait that was withdrawn. Drops such waits once they are half of
  /// the line, so that each costs no more than a push did.
  void on_withdrawn() noexcept {
    ++withdrawn_;
    if (withdrawn_ * 2 < static_cast<std::ptrdiff_t>(orders_.size())) return;
    withdrawn_ -= static_cast<std::ptrdiff_t>(std::erase_if(
        orders_, [](const auto& each) { return !each->is_open(); }));
  }

  /// The number of waits, less those that are known to be withdrawn.
  [[nodiscard]] std::size_t size() const noexcept {
    const auto dropped_later = std::max<std::ptrdiff_t>(withdrawn_, 0);
    return orders_.size() - static_cast<std::size_t>(dropped_later);
  }
  [[nodiscard]] auto begin() const noexcept { return orders_.begin(); }
  [[nodiscard]] auto end() const noexcept { return orders_.end(); }

 private:
  std::deque<order_ptr> orders_;
  /// Waits that were told to be withdrawn, less the withdrawn ones that were
  /// dropped. Below 0 while the word of one that was dropped is under way.
  std::ptrdiff_t withdrawn_ = 0;
};

}  // namespace troupe::detail
