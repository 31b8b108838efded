// The compiler knows the replies of a typed actor.
#include <troupe/ask.hpp>
#include <troupe/protocol.hpp>

#include <chrono>

troupe::task<int> exec(troupe::node_actor_handle to) {
  troupe::step_request request;
  co_return co_await troupe::ask<int>(to, std::chrono::seconds{1}, request);
}
