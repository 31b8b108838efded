// The compiler knows the messages of a typed actor.
#include <troupe/ask.hpp>
#include <troupe/protocol.hpp>

#include <chrono>

troupe::task<int> exec(troupe::node_actor_handle to) {
  co_return co_await troupe::ask<int>(to, std::chrono::seconds{1}, 1);
}
