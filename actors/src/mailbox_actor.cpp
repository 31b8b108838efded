#include "mailbox_actor.hpp"

#include "insist.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

/// Brings `content` to who waits for it, who must not wait for ever.
template <class T>
void wake_with(const waker& who, T content, exec_ctx* from) noexcept {
  caf::intrusive_ptr<answer_of<T>> brought;
  insist([&] { brought = caf::make_counted<answer_of<T>>(content); });
  who(std::move(brought), from);
}

}  // namespace

bool mailbox_room::take() noexcept {
  auto used = used_.load();
  while (used < most_) {
    if (used_.compare_exchange_weak(used, used + 1)) return true;
  }
  return false;
}

delivery::~delivery() {
  if (!from_) return;
  post(*from_, signal{mailbox_signal::put_back, 0, 0, std::move(message_)});
}

value delivery::open() {
  room_->arrive();
  // Those who wait may now be told that nothing more comes.
  if (room_->is_closed()) post(*from_, signal{mailbox_signal::close});
  from_ = nullptr;
  return std::move(message_->message);
}

void mailbox_actor::on_signal(signal& received) {
  mailbox_order_ptr order;
  if (received.body) {
    order = {static_cast<mailbox_order*>(received.body.detach()), false};
  }
  switch (received.kind) {
    case mailbox_signal::send:
      insist([&] { senders_.push_back(order); });
      break;
    case mailbox_signal::receive:
      insist([&] { receivers_.push_back(order); });
      break;
    case mailbox_signal::put:
      keep(std::move(order));
      break;
    case mailbox_signal::put_back:
      room_->come_back();
      insist([&] { messages_.push_front(order); });
      break;
    case mailbox_signal::look_again:
      ++gone_;
      drop_gone();
      break;
    default:
      // Nothing but a turn: who closes has told the room.
      break;
  }
  let_in();
  hand_out();
  if (room_->is_closed()) end_waits();
}

void mailbox_actor::keep(mailbox_order_ptr order) noexcept {
  insist([&] { messages_.push_back(order); });
}

void mailbox_actor::let_in() {
  while (!senders_.empty() && !room_->is_closed()) {
    auto& first = *senders_.front();
    if (!first.gone.load()) {
      if (!room_->take()) return;
      const auto who = std::exchange(first.who, waker{});
      keep(senders_.front());
      wake_with(who, true, context());
    }
    senders_.pop_front();
  }
}

void mailbox_actor::hand_out() {
  while (!receivers_.empty() && !messages_.empty()) {
    auto& first = *receivers_.front();
    if (!first.gone.load()) {
      caf::intrusive_ptr<answer_of<std::shared_ptr<delivery>>> brought;
      insist([&] {
        auto sent = std::make_shared<delivery>(nullptr, room_, nullptr);
        brought = caf::make_counted<answer_of<std::shared_ptr<delivery>>>(sent);
        sent->load(lite_ptr<mailbox_actor>{this}, messages_.front());
      });
      messages_.pop_front();
      room_->send_off();
      first.who(std::move(brought), context());
      let_in();
    }
    receivers_.pop_front();
  }
}

void mailbox_actor::end_waits() {
  for (const auto& each : senders_) {
    if (each->gone.load()) continue;
    wake_with(each->who, false, context());
  }
  senders_.clear();
  if (!room_->is_drained()) return;
  for (const auto& each : receivers_) {
    if (each->gone.load()) continue;
    wake_with(each->who, std::shared_ptr<delivery>{}, context());
  }
  receivers_.clear();
}

// Rarely enough that many who go away at once cost no more than they did when
// they came, and often enough that no line is much longer than it looks.
void mailbox_actor::drop_gone() {
  if (gone_ * 2 < senders_.size() + receivers_.size()) return;
  const auto is_gone = [](const auto& each) { return each->gone.load(); };
  std::erase_if(senders_, is_gone);
  std::erase_if(receivers_, is_gone);
  gone_ = 0;
}

}  // namespace troupe::detail
