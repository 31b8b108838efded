#include "sharing/channel_actor.hpp"

#include "threads/insist.hpp"

#include <utility>

namespace troupe::detail {

namespace {

/// Delivers `content` to the waiting task, which must not wait for ever.
template <class T>
void wake_with(const waker& who, T content, exec_ctx* from) noexcept {
  caf::intrusive_ptr<answer_of<T>> brought;
  insist([&] { brought = caf::make_counted<answer_of<T>>(content); });
  who(std::move(brought), from);
}

}  // namespace

bool channel_room::take() noexcept {
  auto used = used_.load();
  while (used < most_) {
    if (used_.compare_exchange_weak(used, used + 1)) return true;
  }
  return false;
}

delivery::~delivery() {
  if (!from_) return;
  send_to(*from_, channel_message::put_back{std::move(message_)});
}

value delivery::open() {
  room_->arrive();
  // Those who wait may now be told that nothing more comes.
  if (room_->is_closed()) send_to(*from_, channel_message::close{});
  from_ = nullptr;
  return std::move(message_->message);
}

void channel_actor::on(channel_message::send asked) {
  senders_.push(std::move(asked.order));
  go_on();
}

void channel_actor::on(channel_message::receive asked) {
  receivers_.push(std::move(asked.order));
  go_on();
}

void channel_actor::on(channel_message::put sent) {
  keep(std::move(sent.order));
  go_on();
}

void channel_actor::on(channel_message::put_back returned) {
  room_->come_back();
  insist([&] { messages_.push_front(returned.order); });
  go_on();
}

void channel_actor::on(channel_message::sender_left) {
  senders_.on_withdrawn();
  go_on();
}

void channel_actor::on(channel_message::receiver_left) {
  receivers_.on_withdrawn();
  go_on();
}

void channel_actor::on(channel_message::close) { go_on(); }

void channel_actor::go_on() {
  let_in();
  hand_out();
  if (room_->is_closed()) end_waits();
}

void channel_actor::keep(channel_order_ptr order) noexcept {
  insist([&] { messages_.push_back(order); });
}

void channel_actor::let_in() {
  while (!room_->is_closed() && senders_.first() != nullptr && room_->take()) {
    auto next = senders_.take();
    if (next) {
      keep(std::move(next->order));
      wake_with(next->who, true, context());
    } else {
      room_->give_back();
    }
  }
}

void channel_actor::hand_out() {
  while (!messages_.empty() && receivers_.first() != nullptr) {
    auto sent = std::shared_ptr<delivery>{};
    caf::intrusive_ptr<answer_of<std::shared_ptr<delivery>>> brought;
    insist([&] {
      sent = std::make_shared<delivery>(nullptr, room_, nullptr);
      brought = caf::make_counted<answer_of<std::shared_ptr<delivery>>>(sent);
    });
    const auto next = receivers_.take();
    if (!next) continue;
    sent->load(lite_ptr<channel_actor>{this}, std::move(messages_.front()));
    messages_.pop_front();
    room_->send_off();
    next->who(std::move(brought), context());
    let_in();
  }
}

void channel_actor::end_waits() {
  end_all(senders_, false);
  if (room_->is_drained()) end_all(receivers_, std::shared_ptr<delivery>{});
}

template <class T>
void channel_actor::end_all(waiting_line<channel_order>& line, T answer) {
  while (line.first() != nullptr) {
    if (const auto next = line.take()) wake_with(next->who, answer, context());
  }
}

}  // namespace troupe::detail
