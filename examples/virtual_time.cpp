// A test of a flow that waits for hours, done in milliseconds: the time is
// virtual, and a script says what the model answers.

#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

// region: node
struct ask {
  troupe::task<std::string> exec(troupe::context& ctx) const {
    const troupe::value said = co_await model.next(ctx);
    co_return said.get<std::string>();
  }
  void post(troupe::state& shared, const std::string& answer) const {
    shared["answer"] = answer;
  }

  troupe::testing::script model;
};
// endregion

int main() {
  // region: test
  troupe::testing::script model;
  model.fails("busy", 2).after(10min).gives("a late answer");

  troupe::node_options patient;
  patient.retry.attempts = 3;
  patient.retry.wait = 8h;
  patient.retry.backoff = 2;
  troupe::flow_builder flow{"patient"};
  flow.add("ask", ask{model}, patient);

  troupe::testing::simulation sim;
  const auto began = sim.now();
  const auto run = sim.start(flow.build());
  const auto end = sim.finish(run);

  using minutes = std::chrono::minutes;
  for (const auto& call : model.calls()) {
    std::cout << "attempt " << call.attempt << " after "
              << std::chrono::duration_cast<minutes>(call.at - began).count()
              << " minutes\n";
  }
  std::cout << end.state.get<std::string>("answer") << " after "
            << std::chrono::duration_cast<minutes>(sim.now() - began).count()
            << " minutes, " << sim.live_actors() << " actors left\n";
  // endregion
}
