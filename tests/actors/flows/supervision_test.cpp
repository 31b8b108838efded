// The duties of the supervisor of a flow: attempts, waits, fallbacks, time
// limits, and nodes and sub-flows whose actors die.

#include "support/actors/let_others_run.hpp"
#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/scripted_exec.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/each.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::testing::script;
using troupe::testing::simulation;

namespace {

/// Waits, fails and dies as the script says.
struct scripted_step : scripted_exec {
  void post(state& shared, int given) const { shared.set("given", given); }
};

struct with_fallback : scripted_step {
  int fallback(const troupe::error& why) const {
    return static_cast<int>(why.message().size());
  }
};

struct plain {
  script calls;

  int prep(const state& shared) const { return shared.get_or("given", 0) + 1; }
  int exec(int, troupe::context& ctx) const {
    return calls.next_at_once(ctx).get<int>();
  }
  void post(state& shared, int prepared, int given) const {
    shared.set("prepared", prepared);
    shared.set("given", given);
  }
};

}  // namespace

TEST_CASE("A failed attempt is made again, prep is not", "[supervision]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  script calls;
  calls.fails("busy", 2).gives(7);
  const auto result = sim.finish(sim.start(
      one_node(plain{calls}, {.retry = {.attempts = 3, .wait = 100ms}})));
  REQUIRE(result.ok());
  CHECK(result.state == state{{"prepared", 1}, {"given", 7}});
  CHECK(calls.calls().size() == 3);
  CHECK(sim.now() - calls.calls()[0].at == 200ms);
}

TEST_CASE("Attempts that are used up end the run or fall back",
          "[supervision]") {
  simulation sim;
  script calls;
  calls.fails("one").fails("three");
  const troupe::node_options twice{.retry = {.attempts = 2}};

  SECTION("without a fallback") {
    const auto result =
        sim.finish(sim.start(one_node(scripted_step{{calls}}, twice)));
    REQUIRE_FALSE(result.ok());
    CHECK(result.failure->describe() ==
          "node 'only', attempt 1: node_threw: three");
  }
  SECTION("with a fallback") {
    const auto result =
        sim.finish(sim.start(one_node(with_fallback{{{calls}}}, twice)));
    REQUIRE(result.ok());
    CHECK(result.state.get<int>("given") == 5);
  }
  CHECK(calls.calls().size() == 2);
}

TEST_CASE("A permanent error is not tried again", "[supervision]") {
  simulation sim;
  script calls;
  calls.fails_for_good("gone");
  const auto result = sim.finish(sim.start(
      one_node(with_fallback{{{calls}}}, {.retry = {.attempts = 5}})));
  CHECK(result.ok());
  CHECK(calls.calls().size() == 1);
}

TEST_CASE("A predicate decides what is tried again", "[supervision]") {
  simulation sim;
  script calls;
  calls.fails("again").fails("never").gives(1);
  troupe::node_options options;
  options.retry.attempts = 5;
  options.retry.when = [](const troupe::error& why) {
    return why.message() == "again";
  };
  const auto result =
      sim.finish(sim.start(one_node(scripted_step{{calls}}, options)));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->message() == "never");
}

TEST_CASE("A fallback that throws ends the run", "[supervision]") {
  simulation sim;
  struct fails_twice {
    int exec() const { throw std::runtime_error("first"); }
    int fallback(const troupe::error&) const {
      throw std::runtime_error("second");
    }
  };
  const auto result = sim.finish(sim.start(one_node(fails_twice{})));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->message() == "second");
  CHECK(result.failure->node() == "only");
}

TEST_CASE("What prep and post throw ends the step at once", "[supervision]") {
  simulation sim;
  struct fails_in_prep {
    int prep() const { throw std::runtime_error("prep"); }
    int exec(int) const { return 1; }
    int fallback(int) const { return 2; }
  };
  struct fails_in_post {
    int exec() const { return 1; }
    int fallback() const { return 2; }
    void post(state& shared, int) const {
      shared.set("lost", 1);
      throw std::runtime_error("post");
    }
  };
  const troupe::node_options options{.retry = {.attempts = 3}};
  const auto in_prep =
      sim.finish(sim.start(one_node(fails_in_prep{}, options)));
  CHECK(in_prep.failure.value().message() == "prep");
  const auto in_post =
      sim.finish(sim.start(one_node(fails_in_post{}, options)));
  CHECK(in_post.failure.value().message() == "post");
  CHECK(in_post.state.empty());
}

TEST_CASE("Each item of a batch node has its own attempts", "[supervision]") {
  simulation sim;
  struct items {
    script calls;
    std::vector<int> prep() const { return {10, 20, 30}; }
    troupe::task<int> exec(int item, troupe::context& ctx) const {
      co_return item + (co_await calls.next(ctx)).get<int>();
    }
    void post(state& shared, const std::vector<int>&,
              std::vector<int> results) const {
      shared.set("results", results);
    }
  };
  script calls;
  // In sequence: item 0 needs one attempt, item 1 three, item 2 two.
  calls.gives(1).fails("a", 2).gives(2).fails("b").gives(3);
  const troupe::node_options options{.retry = {.attempts = 3, .wait = 1s}};
  const auto result =
      sim.finish(sim.start(one_node(troupe::each(items{calls}), options)));
  REQUIRE(result.ok());
  CHECK(result.state.at("results") == troupe::value::array({11, 22, 33}));
  CHECK(calls.calls().size() == 6);
  CHECK(calls.calls()[3].item == 1U);
  CHECK(calls.calls()[3].attempt == 2);
}

TEST_CASE("A retry wait blocks nobody", "[supervision]") {
  simulation sim;
  script calls;
  calls.fails("busy", 100);
  for (int i = 0; i < 100; ++i) calls.gives(1);
  const auto body =
      one_node(scripted_step{{calls}}, {.retry = {.attempts = 2, .wait = 1h}});
  const auto all = troupe::batch(
      "all", body, numbered(100),
      {.concurrency = 100, .on_conflict = troupe::on_conflict::last});
  const auto began = sim.now();
  CHECK(sim.finish(sim.start(all)).ok());
  CHECK(sim.now() - began == 1h);
}

TEST_CASE("A coroutine is destroyed at its time limit", "[supervision]") {
  struct holds {
    counted held;
    troupe::task<int> exec() const {
      counted local;
      co_await troupe::sleep_for(24h);
      co_return 1;
    }
  };
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  {
    simulation sim{{.turns = how}};
    const auto work =
        one_node(holds{}, {.retry = {.attempts = 2}, .timeout = 1s});
    const auto before = counted::alive();
    const auto began = sim.now();
    const auto result = sim.finish(sim.start(work));
    CHECK(result.failure.value().code() == errc::timed_out);
    CHECK(result.failure->attempt() == 1U);
    CHECK(sim.now() - began == 2s);
    CHECK(counted::alive() == before);
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("A plain call that returns too late has failed", "[supervision]") {
  struct slow {
    simulation* sim;
    int exec(troupe::context& ctx) const {
      sim->elapse(ctx.attempt() == 0 ? 1001ms : 1000ms);
      return 1;
    }
  };
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const auto once = sim.start(one_node(slow{&sim}, {.timeout = 1s}));
  CHECK(sim.finish(once).failure.value().code() == errc::timed_out);
  const auto twice = sim.start(
      one_node(slow{&sim}, {.retry = {.attempts = 2}, .timeout = 1s}));
  CHECK(sim.finish(twice).ok());
}

TEST_CASE("A node's actor that dies costs no attempt", "[supervision]") {
  simulation sim{{.turns = troupe::turns::by_message}};
  script calls;
  calls.fails("busy").dies().dies().fails("busy").gives(7);
  const auto result = sim.finish(
      sim.start(one_node(scripted_step{{calls}}, {.retry = {.attempts = 3}})));
  // Attempts 0 and 1 failed; those that died in between were not counted.
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("given") == 7);
  CHECK(calls.calls().size() == 5);
  CHECK(calls.calls()[3].attempt == 1);
  CHECK(calls.calls()[4].attempt == 2);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A node whose actor dies again and again fails", "[supervision]") {
  simulation sim{{.turns = troupe::turns::by_message}};
  script calls;
  for (int i = 0; i < 10; ++i) calls.dies();
  const auto result = sim.finish(sim.start(one_node(scripted_step{{calls}})));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->describe() ==
        "node 'only': actor_died: its actor died 4 times");
  CHECK(calls.calls().size() == 4);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A sub-flow whose actor dies begins anew", "[supervision]") {
  simulation sim;
  script calls;
  calls.dies().dies().dies().gives(7);
  const auto all =
      troupe::batch("all", one_node(scripted_step{{calls}}), numbered(1));
  const auto result = sim.finish(sim.start(all));
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("given") == 7);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A sub-flow whose actor dies again and again fails",
          "[supervision]") {
  simulation sim;
  script calls;
  for (int i = 0; i < 10; ++i) calls.dies();
  const auto all =
      troupe::batch("all", one_node(scripted_step{{calls}}), numbered(1));
  const auto result = sim.finish(sim.start(all));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::actor_died);
  CHECK(result.failure->node() == "all/only");
  CHECK(result.failure->item() == 0U);
  CHECK(calls.calls().size() == 4);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A whole run whose actor dies is told so", "[supervision]") {
  simulation sim;
  script calls;
  calls.dies();
  troupe::flow_builder builder{"two"};
  builder.add("first", [](state& shared) { shared.set("a", 1); }) >>
      builder.add("second", scripted_step{{calls}});
  const auto run = sim.start(builder.build());
  const auto result = sim.finish(run);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::actor_died);
  CHECK(result.failure->node() == "second");
  CHECK(result.state == state{{"a", 1}});
  CHECK(events_of(run).back().is_final);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("Actors that die on real threads lose nothing", "[supervision]") {
  struct dies_at_first {
    std::shared_ptr<std::atomic<int>> deaths;
    troupe::task<> exec(troupe::context& ctx) const {
      counted local;
      auto others = let_others_run(waits::real_threads);
      co_await others;
      if (deaths->fetch_sub(1) > 0) {
        script end;
        end.dies();
        auto last = end.next(ctx);
        co_await last;
      }
    }
    void post(state& shared) const { shared.add("n", 1); }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  {
    troupe::system sys{{.threads = width, .turns = how}};
    std::vector<troupe::run> runs;
    for (int i = 0; i < 10; ++i) {
      // An actor of a node takes all that wait in it along.
      const auto deaths = std::make_shared<std::atomic<int>>(3);
      const auto all = troupe::batch("all", one_node(dies_at_first{deaths}),
                                     numbered(100), {.concurrency = 50});
      runs.push_back(sys.start(all));
    }
    for (const auto& each : runs) {
      const auto result = each.get();
      CHECK(result.ok());
      CHECK(result.state.get<int>("n") == 100);
    }
  }
  CHECK(counted::alive() == 0);
}
