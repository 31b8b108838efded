// GCC 12 destroys an aggregate beside co_await twice.
#include <troupe/actor_node.hpp>
#include <troupe/ask.hpp>

#include <chrono>

troupe::task<troupe::step_reply> exec(troupe::node_actor_handle to) {
  co_return co_await troupe::ask<troupe::step_reply>(
      to, std::chrono::seconds{1}, troupe::step_request{});
}
