#include "core/system_core.hpp"
#include "sharing/mailbox_actor.hpp"

#include <troupe/mailbox.hpp>

namespace troupe {

namespace detail {

/// What the copies of a mailbox share.
class mailbox_line {
 public:
  mailbox_line(lite_ptr<mailbox_actor> keeper,
               std::shared_ptr<mailbox_room> places)
      : actor(std::move(keeper)), room(std::move(places)) {}

  const lite_ptr<mailbox_actor> actor;
  const std::shared_ptr<mailbox_room> room;
};

namespace {

/// Places an order of the coroutine behind `key`, by a `Message`.
template <class Message>
std::shared_ptr<place_in_line> place(mailbox_line& line, fiber_host& host,
                                     wake_key key, value message) {
  auto& owner = fiber_actor::of(host, "wait at a mailbox");
  auto order = caf::make_counted<mailbox_order>(owner.waker_for(key),
                                                std::move(message));
  auto placed = std::make_shared<place_in_line>(order);
  send_to(*line.actor, Message{std::move(order)}, owner.running_on());
  return placed;
}

}  // namespace
}  // namespace detail

// -- sending ------------------------------------------------------------------

send_operation::send_operation(std::shared_ptr<detail::mailbox_line> line,
                               value message)
    : line_(std::move(line)), message_(std::move(message)) {}

send_operation::~send_operation() {
  if (!place_ || !place_->withdraw()) return;
  send_to(*line_->actor, detail::mailbox_message::sender_left{});
}

void send_operation::order(detail::fiber_host& host, detail::wake_key key) {
  place_ = detail::place<detail::mailbox_message::send>(*line_, host, key,
                                                        std::move(message_));
}

void send_operation::receive(void* answer) {
  is_closed_ = !*static_cast<bool*>(answer);
}

void send_operation::await_resume() const {
  if (!is_closed_) return;
  throw error{errc::request_failed, "the mailbox is closed"}.permanent();
}

// -- receiving ----------------------------------------------------------------

receive_operation::receive_operation(std::shared_ptr<detail::mailbox_line> line)
    : line_(std::move(line)) {}

receive_operation::~receive_operation() {
  if (!place_ || !place_->withdraw()) return;
  send_to(*line_->actor, detail::mailbox_message::receiver_left{});
}

void receive_operation::order(detail::fiber_host& host, detail::wake_key key) {
  place_ = detail::place<detail::mailbox_message::receive>(*line_, host, key,
                                                           value{});
}

void receive_operation::receive(void* answer) {
  const auto& came = *static_cast<std::shared_ptr<detail::delivery>*>(answer);
  if (came) message_ = came->open();
}

// -- mailboxes ----------------------------------------------------------------

mailbox::mailbox(system& where, mailbox_options options) {
  if (options.messages_max < 1) {
    throw error{errc::bad_flow,
                "mailbox_options.messages_max must be at least 1"};
  }
  auto room = std::make_shared<detail::mailbox_room>(options.messages_max);
  auto actor = detail::spawn_lite<detail::mailbox_actor>(where.core().at(),
                                                         nullptr, room);
  line_ =
      std::make_shared<detail::mailbox_line>(std::move(actor), std::move(room));
}

send_operation mailbox::send(value message) const {
  return {line_, std::move(message)};
}

bool mailbox::try_send(value message) const {
  if (!line_->room->take()) return false;
  // Asked now, so that either this sees the end, or who ends the waits of
  // receivers sees that a message comes.
  if (line_->room->is_closed()) {
    line_->room->give_back();
    send_to(*line_->actor, detail::mailbox_message::close{});
    return false;
  }
  auto order = caf::make_counted<detail::mailbox_order>(detail::waker{},
                                                        std::move(message));
  send_to(*line_->actor, detail::mailbox_message::put{std::move(order)});
  return true;
}

receive_operation mailbox::receive() const { return receive_operation{line_}; }

void mailbox::close() const {
  line_->room->close();
  send_to(*line_->actor, detail::mailbox_message::close{});
}

}  // namespace troupe
