#include "support/catch.hpp"

#include <troupe/testing.hpp>

#include <chrono>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using troupe::errc;
using troupe::testing::script;
using troupe::testing::simulation;

namespace {

struct model_caller {
  script model;

  troupe::task<std::string> exec(troupe::context& ctx) const {
    co_return (co_await model.next(ctx)).get<std::string>();
  }
  void post(troupe::state& shared, std::string text) const {
    shared.set("text", text);
  }
};

struct plain_caller {
  script model;

  int exec(troupe::context& ctx) const {
    return model.next_at_once(ctx).get<int>();
  }
  void post(troupe::state& shared, int given) const {
    shared.set("number", given);
  }
};

template <class N>
troupe::flow one(N node, troupe::node_options options = {}) {
  troupe::flow_builder flow{"one"};
  flow.add("call", std::move(node), std::move(options));
  return flow.build();
}

}  // namespace

TEST_CASE("A backoff of 24 hours passes in one call", "[testing]") {
  simulation sim;
  script model;
  model.fails("busy", 3).gives("done");
  const auto work = one(
      model_caller{model},
      {.retry = {.attempts = 4, .wait = 6h, .backoff = 2, .wait_max = 24h}});
  const auto began = sim.now();

  const auto result = sim.finish(sim.start(work));
  REQUIRE(result.ok());
  CHECK(result.state.at("text") == "done");
  const auto calls = model.calls();
  REQUIRE(calls.size() == 4);
  CHECK(calls[1].at - began == 6h);
  CHECK(calls[2].at - began == 18h);
  CHECK(calls[3].at - began == 42h);
  CHECK(calls[3].attempt == 3);
  CHECK(calls[3].node == "call");
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("Nothing happens until the test moves the system on", "[testing]") {
  simulation sim;
  script model;
  model.after(10ms).gives("done");
  const auto run = sim.start(one(model_caller{model}));
  CHECK(model.calls().empty());

  CHECK(sim.run_ready() > 0);
  CHECK(model.calls().size() == 1);
  CHECK_FALSE(run.done());
  sim.advance(9ms);
  CHECK_FALSE(run.done());
  sim.advance(1ms);
  CHECK(run.done());
  CHECK_FALSE(sim.run_one());
}

TEST_CASE("A run that cannot end is told from one that takes long",
          "[testing]") {
  simulation sim;
  script model;
  model.after(2h).gives("done");
  const auto run = sim.start(one(model_caller{model}));
  try {
    sim.finish(run, 1h);
    FAIL("ended");
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::timed_out);
  }
  CHECK(sim.finish(run).ok());

  struct stuck {
    troupe::task<> exec() const {
      // Its system never moves on by itself.
      simulation asleep;
      troupe::flow_builder flow{"asleep"};
      flow.add("only", [](troupe::state&) {});
      const auto never = asleep.system().start(flow.build());
      co_await never;
    }
  };
  simulation outer;
  const auto waiting = outer.start(one(stuck{}));
  try {
    outer.finish(waiting);
    FAIL("ended");
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::request_failed);
    CHECK(why.message().find(waiting.id()) != std::string::npos);
  }
}

TEST_CASE("A script fails in every way", "[testing]") {
  simulation sim;
  script model;
  const auto fail_once = [&] {
    return sim.finish(sim.start(one(plain_caller{model}))).failure.value();
  };

  model.fails("busy").fails_for_good("gone").throws_a_number();
  CHECK(fail_once().message() == "busy");
  CHECK(fail_once().is_permanent());
  CHECK(fail_once().code() == errc::node_threw);
  const auto beyond = fail_once();
  CHECK(beyond.is_permanent());
  CHECK(beyond.message() == "the script has 3 entries, this is call 4");

  model.gives(0).dies().after(1s).gives(7);
  CHECK(fail_once().code() == errc::bad_flow);
  CHECK(fail_once().code() == errc::bad_flow);
}

TEST_CASE("A script kills the actor of a node", "[testing]") {
  simulation sim{{.turns = troupe::turns::by_message}};
  script model;
  model.dies().after(5ms).gives("done");

  const auto result = sim.finish(sim.start(one(model_caller{model})));
  REQUIRE(result.ok());
  CHECK(model.calls().size() == 2);
  CHECK(model.calls()[1].attempt == 0);
  CHECK(sim.live_actors() == 0);
}

TEST_CASE("A plain call takes the time that it says", "[testing]") {
  simulation sim;
  struct slow {
    simulation* sim;
    int exec() const {
      sim->elapse(2s);
      return 1;
    }
  };
  const auto result = sim.finish(sim.start(one(slow{&sim}, {.timeout = 1s})));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::timed_out);
}

TEST_CASE("A simulation ends what it started", "[testing]") {
  script model;
  model.after(24h).gives("never");
  std::optional<troupe::run> left;
  {
    simulation sim;
    left = sim.start(one(model_caller{model}));
    sim.run_ready();
    CHECK_FALSE(left->done());
  }
  REQUIRE(left->done());
  CHECK(left->get().failure->code() == errc::cancelled);
}
