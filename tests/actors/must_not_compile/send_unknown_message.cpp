// An actor takes the messages that its class lists, and nothing else.
#include "core/semaphore_actor.hpp"
#include "sharing/rate_actor.hpp"

bool send(troupe::detail::semaphore_actor& to) {
  return send_to(to, troupe::detail::rate_message::withdrawn{});
}
