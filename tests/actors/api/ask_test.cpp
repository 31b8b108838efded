#include "support/actors/both_ways.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/peer.hpp"

#include <troupe/ask.hpp>
#include <troupe/gather.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::testing::simulation;

namespace {

/// Asks with the number `question` and writes the answer.
template <class Reply = int>
struct asks {
  caf::actor to;
  int question = 1;

  troupe::task<Reply> exec() const {
    co_return co_await troupe::ask<Reply>(to, 5s, question);
  }
  void post(state& shared, Reply answer) const { shared.set("answer", answer); }
};

/// Asks once for each number, all at once.
struct asks_many {
  caf::actor to;
  int count = 0;

  troupe::task<int> one(int question) const {
    co_return co_await troupe::ask<int>(to, 5s, question);
  }
  troupe::task<std::vector<int>> exec() const {
    std::vector<troupe::task<int>> all;
    for (int i = 0; i < count; ++i) all.push_back(one(i));
    co_return co_await troupe::gather(std::move(all));
  }
  void post(state& shared, const std::vector<int>& answers) const {
    shared.set("answers", troupe::json(answers));
  }
};

errc failure_of(simulation& sim, const troupe::run& run) {
  return sim.finish(run).failure.value().code();
}

}  // namespace

TEST_CASE("A coroutine asks an actor and goes on with its answer", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  const auto adder = spawn_actor(sim, [](int number) { return number + 41; });
  const auto result = sim.finish(sim.start(one_node(asks<>{adder})));
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("answer") == 42);
}

TEST_CASE("An ask ends at its time limit and not before", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  peer other{sim};
  const auto run = sim.start(one_node(asks<>{other.handle()}));
  sim.run_ready();
  other.take();
  sim.advance(4999ms);
  CHECK_FALSE(run.done());
  sim.advance(1ms);
  REQUIRE(run.done());
  const auto failure = run.get().failure.value();
  CHECK(failure.code() == errc::timed_out);
  CHECK(failure.node() == "only");
}

TEST_CASE("A late answer is not taken for that of the next attempt", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  peer other{sim};
  const auto run =
      sim.start(one_node(asks<>{other.handle()}, {.retry = {.attempts = 2}}));
  sim.run_ready();
  other.take();
  sim.advance(5s);
  other.take();
  other.answer(0, 1);
  sim.run_ready();
  CHECK_FALSE(run.done());
  other.answer(1, 2);
  CHECK(sim.finish(run).state.get<int>("answer") == 2);
}

TEST_CASE("An ask fails at once when the asked actor ends", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  std::optional<peer> other{sim};
  const auto run = sim.start(one_node(asks_many{other->handle(), 3}));
  const auto began = sim.now();
  sim.run_ready();
  other->take();
  other->take();
  other.reset();
  CHECK(failure_of(sim, run) == errc::actor_died);
  CHECK(sim.now() == began);
}

TEST_CASE("An ask fails at once when the asked actor is dead", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  std::optional<peer> other{sim};
  const auto dead = other->handle();
  other.reset();
  const auto began = sim.now();
  CHECK(failure_of(sim, sim.start(one_node(asks<>{dead}))) == errc::actor_died);
  CHECK(sim.now() == began);
}

TEST_CASE("An ask fails when the asked actor throws", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  const auto thrower = spawn_actor(
      sim, [](int) -> int { throw std::runtime_error("no paper"); });
  // CAF answers for it and then ends it.
  CHECK(failure_of(sim, sim.start(one_node(asks<>{thrower}))) ==
        errc::request_failed);
  CHECK(failure_of(sim, sim.start(one_node(asks<>{thrower}))) ==
        errc::actor_died);
}

TEST_CASE("An actor that answers and ends has answered", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  std::optional<peer> other{sim};
  const auto run = sim.start(one_node(asks<>{other->handle()}));
  sim.run_ready();
  other->take();
  other->answer(0, 7);
  other.reset();
  CHECK(sim.finish(run).state.get<int>("answer") == 7);
}

TEST_CASE("An error is an answer, too", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  const auto refuses = spawn_actor(sim, [](int) -> caf::result<int> {
    return caf::make_error(caf::sec::invalid_argument);
  });
  const auto result = sim.finish(sim.start(one_node(asks<>{refuses})));
  REQUIRE(result.failure);
  CHECK(result.failure->code() == errc::request_failed);
  CHECK(has(result.failure->message(), "invalid_argument"));
}

TEST_CASE("A question that an actor does not know fails the ask", "[ask]") {
  simulation sim;
  const auto deaf = spawn_actor(sim, [](const std::string&) { return 1; });
  CHECK(failure_of(sim, sim.start(one_node(asks<>{deaf}))) ==
        errc::request_failed);
  CHECK(failure_of(sim, sim.start(one_node(asks<>{caf::actor{}}))) ==
        errc::request_failed);
}

TEST_CASE("An answer of another type is an error", "[ask]") {
  struct wants_nothing {
    caf::actor to;
    troupe::task<> exec() const { co_await troupe::ask<void>(to, 5s, 1); }
  };
  struct wants_anything {
    caf::actor to;
    troupe::task<bool> exec() const {
      const auto answer = co_await troupe::ask<caf::message>(to, 5s, 1);
      co_return answer.match_elements<int>();
    }
    void post(state& shared, bool matches) const { shared.set("is", matches); }
  };
  simulation sim;
  const auto number = spawn_actor(sim, [](int) { return 1; });
  const auto nothing = spawn_actor(sim, [](int) {});
  CHECK(failure_of(sim, sim.start(one_node(asks<std::string>{number}))) ==
        errc::wrong_type);
  CHECK(failure_of(sim, sim.start(one_node(asks<>{nothing}))) ==
        errc::wrong_type);
  CHECK(failure_of(sim, sim.start(one_node(wants_nothing{number}))) ==
        errc::wrong_type);
  CHECK(sim.finish(sim.start(one_node(wants_nothing{nothing}))).ok());
  CHECK(sim.finish(sim.start(one_node(wants_anything{number})))
            .state.get<bool>("is"));
}

TEST_CASE("Many requests at once each get their own answer", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  peer other{sim};
  constexpr int count = 100;
  const auto run = sim.start(one_node(asks_many{other.handle(), count}));
  sim.run_ready();
  for (int i = 0; i < count; ++i) other.take();
  for (int i = count; i-- > 0;) other.answer(static_cast<std::size_t>(i), -i);
  const auto result = sim.finish(run);
  REQUIRE(result.ok());
  const auto answers = result.state.get<std::vector<int>>("answers");
  REQUIRE(answers.size() == count);
  for (int i = 0; i < count; ++i) CHECK(answers[static_cast<size_t>(i)] == -i);
}

TEST_CASE("A run that is cancelled leaves its question alone", "[ask]") {
  simulation sim{{.turns = both_ways()}};
  peer other{sim};
  const auto run = sim.start(one_node(asks<>{other.handle()}));
  sim.run_ready();
  other.take();
  run.cancel();
  CHECK(failure_of(sim, run) == errc::cancelled);
  sim.run_ready();
  CHECK(sim.live_actors() == 0);
  other.answer(0, 1);
  sim.run_ready();
  CHECK(run.get().failure.value().code() == errc::cancelled);
}

TEST_CASE("A time limit around an ask cancels the ask", "[ask]") {
  struct hurries {
    caf::actor to;
    troupe::task<int> patient() const {
      co_return co_await troupe::ask<int>(to, 1h, 1);
    }
    troupe::task<int> exec() const {
      try {
        co_return co_await troupe::within(1s, patient());
      } catch (const troupe::error&) {
      }
      co_return co_await troupe::ask<int>(to, 1h, 2);
    }
    void post(state& shared, int answer) const { shared.set("answer", answer); }
  };
  simulation sim{{.turns = both_ways()}};
  peer other{sim};
  const auto run = sim.start(one_node(hurries{other.handle()}));
  sim.run_ready();
  other.take();
  sim.advance(1s);
  other.answer(0, 1);
  sim.run_ready();
  CHECK_FALSE(run.done());
  other.take();
  other.answer(1, 2);
  CHECK(sim.finish(run).state.get<int>("answer") == 2);
}

TEST_CASE("A system ends while an actor keeps its questions", "[ask]") {
  const auto how = both_ways();
  caf::actor_system_config config;
  troupe::system::load(config);
  caf::actor_system host{config};
  peer other{host};
  {
    troupe::system sys{host, {.turns = how}};
    const auto run = sys.start(one_node(asks<>{other.handle()}));
    other.take();
    run.cancel();
    CHECK(run.get().failure.value().code() == errc::cancelled);
  }
  other.answer(0, 1);
}

TEST_CASE("Threads may ask one actor from many sub-flows", "[ask]") {
  const auto how = both_ways();
  troupe::system sys{{.threads = 2, .turns = how}};
  struct counts {
    caf::actor to;
    troupe::task<int> exec() const {
      co_return co_await troupe::ask<int>(to, 1h, 1);
    }
    void post(state& shared, int one) const { shared.add("sum", one); }
  };
  const auto times = [](int factor) {
    return caf::behavior{[factor](int number) { return number * factor; }};
  };
  const auto echo = sys.actors().spawn(times, 1);
  const auto all = troupe::batch("all", one_node(counts{echo}), numbered(2000),
                                 {.concurrency = 64});
  const auto result = sys.start(all).get();
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("sum") == 2000);
}
