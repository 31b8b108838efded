// A CAF actor of one's own, with a behaviour of its own, as a node of a flow.

#include <troupe/actor_node.hpp>
#include <troupe/troupe.hpp>

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <iostream>
#include <string>

// region: actor
using troupe::step_reply;
using troupe::step_request;
using office_behavior = troupe::node_actor_handle::behavior_type;

// Sells seats to all runs. An actor may keep what a node must not: the seats.
office_behavior ticket_office(int seats) {
  return {[seats](const step_request& request) mutable {
    if (request.shared.at("name") == "Grace" && request.attempt == 0) {
      return step_reply{troupe::error{troupe::errc::overloaded, "too busy"}};
    }
    troupe::state shared = request.writable();
    shared.append("log", "asked in attempt " + std::to_string(request.attempt));
    if (seats == 0) return step_reply{shared, "sold_out"};
    shared["seat"] = seats--;
    return step_reply{shared};
  }};
}
// endregion

int main() {
  troupe::system runtime;

  // region: flow
  const troupe::node_actor_handle office =
      runtime.actors().spawn(ticket_office, 2);
  troupe::flow_builder flow{"visit"};
  const auto buy =
      flow.add("buy", troupe::actor_node{office}, {.retry = {.attempts = 2}});
  const auto enjoy = flow.add(
      "enjoy", [](troupe::state& shared) { shared.append("log", "enjoyed"); });
  const auto leave = flow.add(
      "leave", [](troupe::state& shared) { shared.append("log", "left"); });
  buy >> enjoy;
  (buy - "sold_out") >> leave;
  const auto visit = flow.build();
  // endregion

  for (const char* name : {"Ada", "Grace", "Alan"}) {
    const auto end = runtime.start(visit, {{"name", name}}).get();
    std::cout << end.state.to_json().dump() << "\n";
  }
}
