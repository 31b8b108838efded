// Three ways to end what takes too long: cancel a run from outside, give the
// whole run a deadline, give the attempts of one node a time limit.

#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// region: node
struct wait_long {
  troupe::task<> exec(troupe::context& ctx) const {
    ctx.emit("waiting");
    co_await troupe::sleep_for(1h);
  }
};
// endregion

troupe::flow prepare_and_wait(troupe::node_options options) {
  troupe::flow_builder flow{"patience"};
  const auto prepared = flow.add(
      "prepare", [](troupe::state& shared) { shared["prepared"] = true; });
  prepared >> flow.add("wait", wait_long{}, std::move(options));
  return flow.build();
}

void print(const troupe::outcome& end) {
  std::cout << end.failure->describe() << "\n  state: " << end.state.to_json()
            << "\n";
}

int main() {
  troupe::system runtime;

  // region: cancel
  const auto run = runtime.start(prepare_and_wait({}));
  auto events = run.events();
  while (const auto told = events.next()) {
    if (told->kind == troupe::event_kind::custom) run.cancel("not needed");
  }
  print(run.get());
  // endregion

  // region: deadline
  troupe::run_options hurried;
  hurried.deadline = 200ms;
  print(runtime.start(prepare_and_wait({}), {}, hurried).get());
  // endregion

  // region: timeout
  troupe::node_options limited;
  limited.timeout = 5ms;
  limited.retry.attempts = 2;
  print(runtime.start(prepare_and_wait(limited)).get());
  // endregion

  // region: wait_for
  const auto slow = runtime.start(prepare_and_wait({}));
  if (!slow.wait_for(5ms)) slow.cancel();
  std::cout << to_string(slow.get().failure->code()) << "\n";
  // endregion
}
