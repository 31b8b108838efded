// What is sent to an address must be taken by each actor that it may be of.
#include "actor/address.hpp"
#include "core/semaphore_actor.hpp"
#include "sharing/rate_actor.hpp"

troupe::detail::address<troupe::detail::rate_message::withdrawn> address_of(
    const troupe::detail::lite_ptr<troupe::detail::semaphore_actor>& actor) {
  return actor;
}
