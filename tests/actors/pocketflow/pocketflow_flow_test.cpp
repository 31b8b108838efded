// Twins of the tests that PocketFlow has for flows, flows within flows and
// asynchronous nodes, and of its rules on routing.

#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"

#include <troupe/sleep.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::action;
using troupe::errc;
using troupe::flow_builder;
using troupe::state;
using troupe::task;
using troupe::value;

namespace {

auto number(int n) {
  return [n](state& shared) { shared.set("current", n); };
}
auto plus(int n) {
  return [n](state& shared) {
    shared.set("current", shared.get<int>("current") + n);
  };
}
auto times(int n) {
  return [n](state& shared) {
    shared.set("current", shared.get<int>("current") * n);
  };
}
action sign_of(state& shared) {
  return shared.get<int>("current") >= 0 ? "positive" : "negative";
}
auto check_sign() {
  return [](state& shared) { return sign_of(shared); };
}
auto gives(const std::string& name) {
  return [name](state&) -> action { return name; };
}
auto signals(const std::string& name) {
  return [name](state& shared) -> action {
    shared.set("signal", name);
    return name;
  };
}
auto takes_path(const std::string& name) {
  return [name](state& shared) { shared.set("path", name); };
}

struct async_number {
  int n;
  task<int> prep() const {
    co_await troupe::sleep_for(10ms);
    co_return n;
  }
  task<action> post(state& shared, int prepared) const {
    shared.set("current", prepared);
    co_await troupe::sleep_for(10ms);
    co_return "number_set";
  }
};

struct async_increment {
  task<int> prep(const state& shared) const {
    co_return shared.get<int>("current") + 1;
  }
  task<action> post(state& shared, int prepared) const {
    co_await troupe::sleep_for(10ms);
    shared.set("current", prepared);
    co_return "done";
  }
};

struct async_signal {
  std::string name;
  task<action> post(state& shared) const {
    co_await troupe::sleep_for(10ms);
    shared.set("signal", name);
    co_return name;
  }
};

played branch_from(int first) {
  flow_builder flow{"branching"};
  auto start = flow.add("start", number(first));
  auto check = flow.add("check", check_sign());
  start >> check;
  check - "positive" >> flow.add("up", plus(10));
  check - "negative" >> flow.add("down", plus(-20));
  return play(flow.build());
}

}  // namespace

// -- flows --------------------------------------------------------------------

TEST_CASE("The start may be set after the flow was made", "[pocketflow]") {
  flow_builder flow{"late"};
  auto late = flow.add("late", number(5));
  flow.start(late);
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("current") == 5);
  CHECK(ended.action == "default");
}

TEST_CASE("Nodes can be chained from the start by next", "[pocketflow]") {
  flow_builder flow{"chain"};
  flow.start(flow.add("number", number(5)))
      .next(flow.add("plus", plus(3)))
      .next(flow.add("times", times(2)));
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("current") == 16);
  CHECK(ended.action == "default");
}

TEST_CASE("A sequence is written with arrows", "[pocketflow]") {
  flow_builder flow{"sequence"};
  flow.start(flow.add("number", number(5))) >> flow.add("plus", plus(3)) >>
      flow.add("times", times(2));
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("current") == 16);
  CHECK(ended.action == "default");
}

TEST_CASE("A flow takes the positive branch", "[pocketflow]") {
  const auto ended = branch_from(5);
  CHECK(ended.state.get<int>("current") == 15);
  CHECK(ended.action == "default");
}

TEST_CASE("A flow takes the negative branch", "[pocketflow]") {
  const auto ended = branch_from(-5);
  CHECK(ended.state.get<int>("current") == -25);
  CHECK(ended.action == "default");
}

TEST_CASE("A loop ends with the signal of its last node", "[pocketflow]") {
  flow_builder flow{"loop"};
  auto start = flow.add("start", number(10));
  auto check = flow.add("check", check_sign());
  auto less = flow.add("less", plus(-3));
  start >> check;
  check - "positive" >> less >> check;
  check - "negative" >> flow.add("end", gives("cycle_done"));
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("current") == -2);
  CHECK(ended.action == "cycle_done");
  CHECK(ended.warnings.empty());
}

TEST_CASE("A missing default edge ends the flow with one warning",
          "[pocketflow]") {
  flow_builder flow{"missing"};
  auto start = flow.add("start", gives(""));
  start - "specific_action" >> flow.add("next", number(1));
  const auto ended = play(flow.build());
  CHECK(ended.action == "default");
  REQUIRE(ended.warnings.size() == 1);
  CHECK(ended.warnings[0] ==
        "the action 'default' has no edge; there are edges for "
        "'specific_action'");
  CHECK_FALSE(ended.state.contains("current"));
}

TEST_CASE("A missing named edge ends the flow with one warning",
          "[pocketflow]") {
  flow_builder flow{"missing"};
  flow.add("start", gives("specific_action")) >> flow.add("next", number(1));
  const auto ended = play(flow.build());
  CHECK(ended.action == "specific_action");
  REQUIRE(ended.warnings.size() == 1);
  CHECK(ended.warnings[0] ==
        "the action 'specific_action' has no edge; there are edges for "
        "'default'");
}

// -- flows within flows -------------------------------------------------------

TEST_CASE("A flow may be the start of a flow in a flow", "[pocketflow]") {
  flow_builder first{"first"};
  first.add("number", number(5));
  flow_builder second{"second"};
  second.add("first", first.build()) >> second.add("plus", plus(10)) >>
      second.add("times", times(2));
  flow_builder third{"third"};
  third.add("second", second.build());
  CHECK(play(third.build()).state.get<int>("current") == 30);
}

TEST_CASE("Flows nest three deep", "[pocketflow]") {
  flow_builder inner{"inner"};
  inner.add("number", number(5)) >> inner.add("plus", plus(3));
  flow_builder middle{"middle"};
  middle.add("inner", inner.build()) >> middle.add("times", times(4));
  flow_builder outer{"outer"};
  outer.add("middle", middle.build());
  CHECK(play(outer.build()).state.get<int>("current") == 32);
}

TEST_CASE("A flow may follow a flow", "[pocketflow]") {
  flow_builder first{"first"};
  first.add("number", number(10)) >> first.add("plus", plus(10));
  flow_builder second{"second"};
  second.add("times", times(2));
  flow_builder outer{"outer"};
  outer.add("first", first.build()) >> outer.add("second", second.build());
  CHECK(play(outer.build()).state.get<int>("current") == 40);
}

TEST_CASE("A flow branches on the last action of the flow inside",
          "[pocketflow]") {
  flow_builder inner{"inner"};
  inner.add("number", number(100)) >> inner.add("end", signals("inner_done"));
  flow_builder outer{"outer"};
  auto first = outer.add("inner", inner.build());
  first - "inner_done" >> outer.add("b", takes_path("B"));
  first - "other_action" >> outer.add("a", takes_path("A"));
  const auto ended = play(outer.build());
  CHECK(ended.state ==
        state{{"current", 100}, {"signal", "inner_done"}, {"path", "B"}});
  CHECK(ended.action == "default");
}

// -- asynchronous nodes -------------------------------------------------------

TEST_CASE("An asynchronous node runs by itself", "[pocketflow]") {
  const auto ended = play(one_node(async_number{42}));
  CHECK(ended.state.get<int>("current") == 42);
  CHECK(ended.action == "number_set");
}

TEST_CASE("An asynchronous node works on the state it is given",
          "[pocketflow]") {
  const auto ended = play(one_node(async_increment{}), {{"current", 10}});
  CHECK(ended.state.get<int>("current") == 11);
  CHECK(ended.action == "done");
}

TEST_CASE("Asynchronous nodes are chained by a named action", "[pocketflow]") {
  flow_builder flow{"chain"};
  flow.add("number", async_number{5}) - "number_set" >>
      flow.add("increment", async_increment{});
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("current") == 6);
  CHECK(ended.action == "done");
}

TEST_CASE("Plain nodes follow on the branch of an asynchronous one",
          "[pocketflow]") {
  struct chooses {
    task<int> exec(const state& shared) const {
      const auto found = shared.get<int>("value");
      co_await troupe::sleep_for(10ms);
      co_return found;
    }
    task<action> post(state&, int found) const {
      co_return found > 0 ? "positive_branch" : "negative_branch";
    }
  };
  flow_builder flow{"branching"};
  auto start = flow.add("start", chooses{});
  start - "positive_branch" >> flow.add("up", takes_path("positive"));
  start - "negative_branch" >> flow.add("down", takes_path("negative"));
  const auto work = flow.build();
  CHECK(play(work, {{"value", 10}}).state.get<std::string>("path") ==
        "positive");
  CHECK(play(work, {{"value", -10}}).state.get<std::string>("path") ==
        "negative");
}

TEST_CASE("An action leaves a flow of asynchronous nodes", "[pocketflow]") {
  flow_builder inner{"inner"};
  inner.add("number", async_number{200}) - "number_set" >>
      inner.add("end", async_signal{"async_inner_done"});
  flow_builder outer{"outer"};
  auto first = outer.add("inner", inner.build());
  first - "async_inner_done" >> outer.add("b", takes_path("B"));
  first - "other_action" >> outer.add("a", takes_path("A"));
  const auto ended = play(outer.build());
  CHECK(ended.state ==
        state{{"current", 200}, {"signal", "async_inner_done"}, {"path", "B"}});
  CHECK(ended.action == "default");
}

// -- rules without a test of the original's -----------------------------------

TEST_CASE("All ways to write the default action follow its edge",
          "[pocketflow]") {
  const std::string name = GENERATE("", "default");
  flow_builder flow{"defaults"};
  auto start = flow.add("start", gives(name));
  auto silent = flow.add("silent", [](state&) {});
  start - "default" >> silent;
  silent - "" >> flow.add("end", number(1));
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("current") == 1);
  CHECK(ended.warnings.empty());
}

TEST_CASE("A node without edges ends the flow without a warning",
          "[pocketflow]") {
  const auto ended = play(one_node(gives("anything")));
  CHECK(ended.action == "anything");
  CHECK(ended.warnings.empty());
}

TEST_CASE("A flow inside and the one outside each tell a missing edge",
          "[pocketflow]") {
  flow_builder inner{"inner"};
  inner.add("start", gives("lost")) >> inner.add("next", number(1));
  flow_builder outer{"outer"};
  outer.add("inner", inner.build()) >> outer.add("next", number(2));
  const auto ended = play(outer.build());
  CHECK(ended.action == "lost");
  CHECK(ended.warnings.size() == 2);
  CHECK(ended.state.empty());
}

TEST_CASE("The params of the run reach the nodes of all flows inside",
          "[pocketflow]") {
  const auto tells = [](state& shared, troupe::context& ctx) {
    shared.append("seen", ctx.params());
  };
  flow_builder inner{"inner"};
  inner.add("tells", tells);
  flow_builder outer{"outer"};
  outer.add("tells", tells) >> outer.add("inner", inner.build());
  const auto ended = play(outer.build(), {}, value::object({{"lang", "de"}}));
  CHECK(ended.state.to_json()["seen"] ==
        troupe::json::parse(R"([{"lang": "de"}, {"lang": "de"}])"));
}

TEST_CASE("What was written before a failure stays", "[pocketflow]") {
  flow_builder flow{"breaks"};
  flow.add("number", number(5)) >>
      flow.add("breaks",
               [](state& shared) {
                 shared.set("current", 6);
                 throw std::runtime_error("broken");
               }) >>
      flow.add("never", number(7));
  const auto ended = play(flow.build());
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "broken");
  // Of the step that failed nothing is kept.
  CHECK(ended.state == state{{"current", 5}});
}

TEST_CASE("An edge that would replace another is a mistake", "[pocketflow]") {
  flow_builder flow{"doubled"};
  auto start = flow.add("start", number(1));
  start >> flow.add("one", number(2));
  start >> flow.add("two", number(3));
  try {
    static_cast<void>(flow.build());
    FAIL("it was built");
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::bad_flow);
    CHECK(has(why.message(), "two edges for the action 'default'"));
  }
}

TEST_CASE("A flow without a start is a mistake", "[pocketflow]") {
  const flow_builder flow{"empty"};
  CHECK_THROWS_AS(flow.build(), troupe::error);
}
