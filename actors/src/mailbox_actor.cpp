#include "mailbox_actor.hpp"

#include <algorithm>

namespace troupe::detail {

bool mailbox_room::take() noexcept {
  auto used = used_.load();
  while (used < most_) {
    if (used_.compare_exchange_weak(used, used + 1)) return true;
  }
  return false;
}

delivery::~delivery() {
  if (!from_) return;
  auto back = caf::make_counted<mailbox_order>(waker{}, std::move(message_));
  post(*from_, signal{mailbox_signal::put_back, 0, 0, std::move(back)});
}

value delivery::open() {
  room_->arrive();
  // Those who wait may now be told that nothing more comes.
  if (room_->is_closed()) post(*from_, signal{mailbox_signal::close});
  from_ = nullptr;
  return std::move(message_);
}

void mailbox_actor::on_signal(signal& received) {
  mailbox_order_ptr order;
  if (received.body) {
    order = {static_cast<mailbox_order*>(received.body.detach()), false};
  }
  switch (received.kind) {
    case mailbox_signal::send:
      senders_.push_back(std::move(order));
      break;
    case mailbox_signal::receive:
      receivers_.push_back(std::move(order));
      break;
    case mailbox_signal::put:
      messages_.push_back(std::move(order->message));
      break;
    case mailbox_signal::put_back:
      room_->come_back();
      messages_.push_front(std::move(order->message));
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

void mailbox_actor::let_in() {
  while (!senders_.empty() && !room_->is_closed()) {
    auto& first = *senders_.front();
    if (!first.gone.load()) {
      if (!room_->take()) return;
      messages_.push_back(std::move(first.message));
      first.who(caf::make_counted<answer_of<bool>>(true), context());
    }
    senders_.pop_front();
  }
}

void mailbox_actor::hand_out() {
  while (!receivers_.empty() && !messages_.empty()) {
    auto& first = *receivers_.front();
    if (!first.gone.load()) {
      auto sent = std::make_shared<delivery>(
          lite_ptr<mailbox_actor>{this}, room_, std::move(messages_.front()));
      messages_.pop_front();
      room_->send_off();
      first.who(caf::make_counted<answer_of<std::shared_ptr<delivery>>>(
                    std::move(sent)),
                context());
      let_in();
    }
    receivers_.pop_front();
  }
}

void mailbox_actor::end_waits() {
  for (const auto& each : senders_) {
    if (each->gone.load()) continue;
    each->who(caf::make_counted<answer_of<bool>>(false), context());
  }
  senders_.clear();
  if (!room_->is_drained()) return;
  for (const auto& each : receivers_) {
    if (each->gone.load()) continue;
    each->who(caf::make_counted<answer_of<std::shared_ptr<delivery>>>(nullptr),
              context());
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
