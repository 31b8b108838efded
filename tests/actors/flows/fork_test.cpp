#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::testing::simulation;

namespace {

struct naps {
  troupe::duration span;
  std::string key;

  troupe::task<> exec() const { co_await troupe::sleep_for(span); }
  void post(state& shared) const { shared.set(key, shared.size()); }
};

troupe::flow chain(const std::string& name,
                   const std::vector<troupe::duration>& spans) {
  troupe::flow_builder builder{name};
  std::vector<troupe::node_ref> nodes;
  for (const auto span : spans) {
    const auto key = name + std::to_string(nodes.size());
    const auto added = builder.add(key, naps{span, key});
    if (!nodes.empty()) nodes.back() >> added;
    nodes.push_back(added);
  }
  return builder.build();
}

}  // namespace

TEST_CASE("A branch does not wait for the steps of another", "[fork]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const auto both = troupe::fork(
      "both", {chain("short", {50ms, 50ms}), chain("long", {80ms})});
  const auto began = sim.now();
  const auto result = sim.finish(sim.start(both));
  REQUIRE(result.ok());
  CHECK(sim.now() - began == 100ms);
  // Each branch saw the state before the fork, and what it wrote itself.
  CHECK(result.state == state{{"short0", 0}, {"short1", 1}, {"long0", 0}});
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A node follows the join once", "[fork]") {
  simulation sim;
  troupe::flow_builder builder{"whole"};
  builder.add("before", [](state& shared) { shared.set("x", 1); }) >>
      builder.add("both", troupe::fork("both", {chain("a", {10ms}),
                                                chain("b", {20ms})})) >>
      builder.add("after",
                  [](state& shared) { shared.add("after", shared.size()); });
  const auto result = sim.finish(sim.start(builder.build()));
  CHECK(result.state == state{{"x", 1}, {"a0", 1}, {"b0", 1}, {"after", 3}});
}

TEST_CASE("The action of a fork is that of its post", "[fork]") {
  simulation sim;
  std::vector<std::string> actions;
  const auto choosing = [](const char* name) {
    return one_node([name](state&) { return troupe::action{name}; });
  };
  const auto vote = troupe::fork(
      "vote", {choosing("yes"), choosing("no"), choosing("yes")},
      {.post = [&](state&, const auto& outcomes, troupe::context&) {
        for (const auto& each : outcomes) {
          actions.emplace_back(each.action.name());
        }
        return troupe::action{"yes"};
      }});
  CHECK(sim.finish(sim.start(vote)).action.name() == "yes");
  CHECK(actions == std::vector<std::string>{"yes", "no", "yes"});
}

TEST_CASE("A branch that fails cancels the others", "[fork]") {
  simulation sim;
  const auto fails =
      one_node([](state&) { throw std::runtime_error("broken"); });
  const auto both = troupe::fork("both", {chain("long", {24h}), fails});
  const auto began = sim.now();
  const auto result = sim.finish(sim.start(both));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->node() == "both/only");
  CHECK(result.failure->item() == 1U);
  CHECK(sim.now() == began);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("Branches that write one place differently conflict", "[fork]") {
  simulation sim;
  const auto writing = [](int what) {
    return one_node([what](state& shared) { shared.set("same", what); });
  };
  const auto merged = [&](troupe::on_conflict rule) {
    return sim.finish(sim.start(
        troupe::fork("both", {writing(1), writing(2)}, {.on_conflict = rule})));
  };
  CHECK(merged(troupe::on_conflict::error).failure.value().code() ==
        errc::merge_conflict);
  CHECK(merged(troupe::on_conflict::first).state.get<int>("same") == 1);
  CHECK(merged(troupe::on_conflict::last).state.get<int>("same") == 2);
}

TEST_CASE("A fork without branches is refused", "[fork]") {
  CHECK_THROWS_AS(troupe::fork("none", {}), troupe::error);
}
