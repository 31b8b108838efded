#include "core/system_core.hpp"
#include "sharing/channel_actor.hpp"

#include <troupe/channel.hpp>
#include <troupe/system.hpp>

namespace troupe {

namespace detail {

/// The shared state of the copies of a channel.
class channel_core {
 public:
  channel_core(lite_ptr<channel_actor> keeper,
               std::shared_ptr<channel_room> places)
      : actor(std::move(keeper)), room(std::move(places)) {}

  const lite_ptr<channel_actor> actor;
  const std::shared_ptr<channel_room> room;
};

namespace {

/// Places an order of the coroutine behind `key`, by a `Message`.
template <class Message>
std::shared_ptr<ticket> place(channel_core& line, fiber_owner& host,
                              wake_key key, value message) {
  auto& owner = fiber_actor::of(host, "wait for a channel");
  auto order = caf::make_counted<channel_order>(owner.waker_for(key),
                                                std::move(message));
  auto placed = std::make_shared<ticket>(order);
  send_to(*line.actor, Message{std::move(order)}, owner.running_on());
  return placed;
}

}  // namespace
}  // namespace detail

// -- sending ------------------------------------------------------------------

send_operation::send_operation(std::shared_ptr<detail::channel_core> line,
                               value message)
    : line_(std::move(line)), message_(std::move(message)) {}

send_operation::~send_operation() {
  if (!place_ || !place_->withdraw()) return;
  send_to(*line_->actor, detail::channel_message::sender_left{});
}

void send_operation::order(detail::fiber_owner& host, detail::wake_key key) {
  place_ = detail::place<detail::channel_message::send>(*line_, host, key,
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

receive_operation::receive_operation(std::shared_ptr<detail::channel_core> line)
    : line_(std::move(line)) {}

receive_operation::~receive_operation() {
  if (!place_ || !place_->withdraw()) return;
  send_to(*line_->actor, detail::channel_message::receiver_left{});
}

void receive_operation::order(detail::fiber_owner& host, detail::wake_key key) {
  place_ = detail::place<detail::channel_message::receive>(*line_, host, key,
                                                           value{});
}

void receive_operation::receive(void* answer) {
  const auto& came = *static_cast<std::shared_ptr<detail::delivery>*>(answer);
  if (came) message_ = came->open();
}

// -- channels ----------------------------------------------------------------

channel::channel(system& where, channel_options options) {
  if (options.messages_max < 1) {
    throw error{errc::bad_flow,
                "channel_options.messages_max must be at least 1"};
  }
  auto room = std::make_shared<detail::channel_room>(options.messages_max);
  auto actor = detail::spawn_lite<detail::channel_actor>(where.core().at(),
                                                         nullptr, room);
  line_ =
      std::make_shared<detail::channel_core>(std::move(actor), std::move(room));
}

send_operation channel::send(value message) const {
  return {line_, std::move(message)};
}

bool channel::try_send(value message) const {
  if (!line_->room->take()) return false;
  // Asked now, so that either this sees the end, or who ends the waits of
  // receivers sees that a message comes.
  if (line_->room->is_closed()) {
    line_->room->give_back();
    send_to(*line_->actor, detail::channel_message::close{});
    return false;
  }
  auto order = caf::make_counted<detail::channel_order>(detail::waker{},
                                                        std::move(message));
  send_to(*line_->actor, detail::channel_message::put{std::move(order)});
  return true;
}

receive_operation channel::receive() const { return receive_operation{line_}; }

void channel::close() const {
  line_->room->close();
  send_to(*line_->actor, detail::channel_message::close{});
}

}  // namespace troupe
