#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/each.hpp>
#include <troupe/run.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::testing::simulation;

namespace {

struct count_to {
  std::int64_t last;

  std::int64_t prep(const state& shared) const {
    return shared.get_or<std::int64_t>("n", 0);
  }
  std::int64_t exec(std::int64_t n) const { return n + 1; }
  troupe::action post(state& shared, std::int64_t, std::int64_t n) const {
    shared.set("n", n);
    return n < last ? "again" : "stop";
  }
};

/// Waits for another run in the way of `wait`, and keeps what that throws.
struct waits_within {
  using how = std::function<void(troupe::system&, const troupe::flow&)>;

  std::string exec() const {
    try {
      wait(*runtime, loop_to(1));
    } catch (const troupe::error& why) {
      return std::string{why.is_permanent() ? "permanent: " : ""} +
             why.message();
    }
    return "nothing";
  }
  void post(state& shared, const std::string& said) const {
    shared["said"] = said;
  }

  static troupe::flow loop_to(std::int64_t last);

  troupe::system* runtime;
  how wait;
};

troupe::flow loop_to(std::int64_t last) {
  troupe::flow_builder builder{"loop"};
  const auto count = builder.add("count", count_to{last});
  count - "again" >> count;
  return builder.build();
}

struct declares {
  static constexpr std::string_view actions[] = {"good", "bad"};
  std::string chosen;
  troupe::action post(state&) const { return chosen; }
};

troupe::flow waits_within::loop_to(std::int64_t last) {
  return ::loop_to(last);
}

const std::vector<waits_within::how>& ways_to_wait() {
  using troupe::flow;
  using troupe::system;
  static const std::vector<waits_within::how> all{
      [](system& at, const flow& work) { (void)at.start(work).get(); },
      [](system& at, const flow& work) { (void)at.start(work).wait_for(1h); },
      [](system& at, const flow& work) {
        auto reader = at.start(work).events();
        (void)reader.next();
      }};
  return all;
}

}  // namespace

TEST_CASE("A run gives the last action and the final state", "[run]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const auto result = sim.finish(sim.start(loop_to(1000), {{"kept", true}}));
  REQUIRE(result.ok());
  CHECK(result.action.name() == "stop");
  CHECK(result.state == state{{"kept", true}, {"n", 1000}});
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("Runs on real threads end as those in the simulation", "[run]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  troupe::system sys{{.threads = width, .turns = how}};
  std::vector<troupe::run> runs;
  for (int i = 0; i < 16; ++i) runs.push_back(sys.start(loop_to(300)));
  for (const auto& each : runs) {
    const auto result = each.get();
    CHECK(result.ok());
    CHECK(result.state.get<int>("n") == 300);
  }
}

TEST_CASE("A run can be waited for with a limit", "[run]") {
  troupe::system sys;
  struct napper {
    troupe::task<> exec() const { co_await troupe::sleep_for(24h); }
  };
  const auto run = sys.start(one_node(napper{}));
  CHECK_FALSE(run.wait_for(1ms).has_value());
  CHECK_FALSE(run.done());
  run.cancel();
  CHECK(run.wait_for(1h).has_value());
  CHECK(run.done());
}

TEST_CASE("After a failure the state has what was committed", "[run]") {
  simulation sim;
  troupe::flow_builder builder{"two"};
  const auto first =
      builder.add("first", [](state& shared) { shared.set("a", 1); });
  const auto second = builder.add("second", [](state& shared) {
    shared.set("b", 2);
    throw std::runtime_error("no disk");
  });
  first >> second;

  const auto result = sim.finish(sim.start(builder.build()));
  REQUIRE_FALSE(result.ok());
  CHECK(result.state == state{{"a", 1}});
  CHECK(result.failure->code() == errc::node_threw);
  CHECK(result.failure->node() == "second");
  CHECK(result.failure->message() == "no disk");
  CHECK_THROWS_AS(std::rethrow_exception(result.failure->cause()),
                  std::runtime_error);
}

TEST_CASE("A node can await another run", "[run]") {
  simulation sim;
  struct starts_another {
    troupe::system* sys;
    troupe::task<int> exec() const {
      auto inner = sys->start(loop_to(7));
      const auto result = co_await inner;
      co_return result.state.get<int>("n");
    }
    void post(state& shared, int n) const { shared.set("inner", n); }
  };
  const auto result =
      sim.finish(sim.start(one_node(starts_another{&sim.system()})));
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("inner") == 7);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A run that has ended can be awaited", "[run]") {
  simulation sim;
  const auto inner = sim.start(loop_to(3));
  sim.finish(inner);
  struct awaits {
    troupe::run other;
    troupe::task<int> exec() const {
      const auto result = co_await other;
      co_return result.state.get<int>("n");
    }
    void post(state& shared, int n) const { shared.set("n", n); }
  };
  CHECK(sim.finish(sim.start(one_node(awaits{inner}))).state.get<int>("n") ==
        3);
}

TEST_CASE("Run options out of their bounds are refused", "[run]") {
  simulation sim;
  const auto refused = [&](troupe::run_options options) {
    try {
      sim.start(loop_to(1), {}, std::move(options));
    } catch (const troupe::error& why) {
      CHECK(why.code() == errc::bad_flow);
      return why.message();
    }
    return std::string{};
  };
  CHECK(refused({.params = troupe::value{7}}) ==
        "run_options.params must be an object, got a number");
  CHECK(has(refused({.steps_max = 0}), "steps_max"));
  CHECK(has(refused({.deadline = 0ms}), "deadline"));
  CHECK(has(refused({.events_max = 0}), "events_max"));
  CHECK(has(refused({.event_bytes_max = 0}), "event_bytes_max"));
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("System options out of their bounds are refused", "[run]") {
  CHECK_THROWS_AS(troupe::system({.threads = 0}), troupe::error);
  CHECK_THROWS_AS(troupe::system({.threads = 1025}), troupe::error);
  CHECK_THROWS_AS(troupe::system({.blocking_threads_max = 0}), troupe::error);
  CHECK_THROWS_AS(troupe::system({.blocking_queue_max = 0}), troupe::error);
  CHECK_THROWS_AS(troupe::system({.watchdog = 0ms}), troupe::error);
}

TEST_CASE("A loop without end meets the step limit", "[run]") {
  simulation sim;
  const auto run = sim.start(loop_to(1'000'000'000), {}, {.steps_max = 50});
  const auto result = sim.finish(run);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::step_limit);
  CHECK(result.failure->node() == "count");
  CHECK(has(result.failure->message(), "50 steps"));
  CHECK(result.state.get<int>("n") == 50);

  const auto body = loop_to(1'000'000'000);
  const auto all = troupe::batch("all", body, numbered(1));
  const auto in_batch = sim.finish(sim.start(all, {}, {.steps_max = 50}));
  REQUIRE_FALSE(in_batch.ok());
  CHECK(in_batch.failure->describe() ==
        "node 'all/count', item 0: step_limit: " + result.failure->message());
}

TEST_CASE("Text that is not UTF-8 names the node that wrote it", "[run]") {
  simulation sim;
  const auto run = sim.start(one_node(
      [](state& shared) { shared.set("text", std::string{"\xff\xfe"}); }));
  const auto result = sim.finish(run);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::bad_value);
  CHECK(result.failure->node() == "only");
}

TEST_CASE("A node that throws a number gives an error", "[run]") {
  simulation sim;
  struct throws_a_number {
    int exec() const { throw 42; }
  };
  const auto result = sim.finish(
      sim.start(one_node(throws_a_number{}, {.retry = {.attempts = 2}})));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::node_threw);
  CHECK(result.failure->node() == "only");
  CHECK(result.failure->attempt() == 1U);
  CHECK_THROWS_AS(std::rethrow_exception(result.failure->cause()), int);
}

TEST_CASE("A batch node whose items are no list names itself", "[run]") {
  simulation sim;
  struct counts_items {
    troupe::value prep(const state& shared) const { return shared.at("items"); }
    int exec(const troupe::value& item) const { return item.get<int>(); }
    void post(state& shared, const std::vector<troupe::value>&,
              std::vector<int> results) const {
      shared.set("count", results.size());
    }
  };
  const auto work = one_node(troupe::each(counts_items{}));
  const auto bad = sim.finish(sim.start(work, {{"items", 5}}));
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.failure->code() == errc::bad_items);
  CHECK(bad.failure->node() == "only");

  const auto wrong = sim.finish(
      sim.start(work, {{"items", troupe::value::array({1, "two", 3})}}));
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.failure->code() == errc::wrong_type);
  CHECK(wrong.failure->item() == 1U);

  const auto good =
      sim.finish(sim.start(work, {{"items", troupe::value::array({1, 2, 3})}}));
  CHECK(good.state.get<int>("count") == 3);
}

TEST_CASE("An action that is not declared fails the run", "[run]") {
  simulation sim;
  CHECK(sim.finish(sim.start(one_node(declares{"good"}))).ok());
  const auto result = sim.finish(sim.start(one_node(declares{"ugly"})));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::undeclared_action);
  CHECK(result.failure->node() == "only");
  CHECK(has(result.failure->message(), "'ugly'"));
}

TEST_CASE("An action without an edge ends the flow", "[run]") {
  using missing_edge = troupe::flow_options::missing_edge;
  const auto branch = [](missing_edge rule) {
    troupe::flow_builder builder{"branch", {.on_missing_edge = rule}};
    const auto choose =
        builder.add("choose", [](state&) { return troupe::action{"west"}; });
    choose - "east" >> builder.add("east", [](state&) {});
    return builder.build();
  };
  simulation sim;

  const auto warned = sim.start(branch(missing_edge::warns));
  const auto result = sim.finish(warned);
  CHECK(result.ok());
  CHECK(result.action.name() == "west");
  const auto events = events_of(warned);
  REQUIRE(count_of(events, troupe::event_kind::warning) == 1);
  CHECK(events[1].node == "choose");
  CHECK(has(events[1].text, "'west' has no edge; there are edges for 'east'"));

  const auto failed = sim.finish(sim.start(branch(missing_edge::fails)));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.failure->code() == errc::missing_edge);
  CHECK(failed.failure->node() == "choose");
}

TEST_CASE("A retry predicate that throws cannot crash the system", "[run]") {
  simulation sim;
  struct fails {
    int exec() const { throw std::runtime_error("no"); }
  };
  troupe::node_options options;
  options.retry.attempts = 3;
  options.retry.when = [](const troupe::error&) -> bool { throw 1; };
  const auto result = sim.finish(sim.start(one_node(fails{}, options)));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::node_threw);
  CHECK(result.failure->node() == "only");
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A thread that runs nodes is not made to wait for a run", "[run]") {
  const auto turns =
      GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const std::size_t threads = GENERATE(1U, 2U);
  troupe::system runtime{{.threads = threads, .turns = turns}};
  for (const auto& wait : ways_to_wait()) {
    const auto end =
        runtime.start(one_node(waits_within{&runtime, wait})).get();
    const auto said = end.state.get<std::string>("said");
    CHECK(has(said, "permanent: "));
    CHECK(has(said, "would block a thread that runs nodes"));
    CHECK((has(said, "write 'co_await run'") || has(said, "write try_next()")));
  }
}

TEST_CASE("A simulation has no other thread to wait on", "[run]") {
  const auto threads =
      GENERATE(troupe::threads::shared, troupe::threads::blocking);
  simulation sim;
  for (const auto& wait : ways_to_wait()) {
    const waits_within node{&sim.system(), wait};
    const auto end =
        sim.finish(sim.start(one_node(node, {.threads = threads})));
    CHECK(has(end.state.get<std::string>("said"), "would block a thread"));
  }
}

TEST_CASE("A call on the blocking pool may wait for a run", "[run]") {
  troupe::system runtime{{.threads = 1}};
  for (const auto& wait : ways_to_wait()) {
    const waits_within node{&runtime, wait};
    const auto end =
        runtime.start(one_node(node, {.threads = troupe::blocking})).get();
    CHECK(end.state.at("said") == "nothing");
  }
}

TEST_CASE("What comes of a temporary outcome may be kept", "[run]") {
  simulation sim;
  const auto end = [&] {
    auto shared = [](state& to) {
      to["q"] = "a text that is longer than a short string";
      return troupe::action{"an action with a name that is rather long"};
    };
    return sim.finish(sim.start(one_node(shared)));
  };
  const auto& item = end().state.at("q");
  CHECK(item == "a text that is longer than a short string");
  const auto name = end().action.name();
  CHECK(name == "an action with a name that is rather long");
  const auto& id = sim.start(one_node([](state&) {}), {}, {.id = "known"}).id();
  CHECK(id == "known");
  const auto& text =
      sim.finish(sim.start(one_node([](state&) { throw 1; }))).failure->node();
  CHECK(text == "only");
}
