#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/let_others_run.hpp"
#include "support/small_flows.hpp"

#include <troupe/system.hpp>
#include <troupe/testing.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::state;
using troupe::testing::simulation;

namespace {

struct suspends {
  troupe::task<> exec() const {
    counted local;
    auto others = let_others_run(waits::real_threads);
    co_await others;
  }
  void post(state& shared) const { shared.add("n", 1); }
};

troupe::flow many_that_wait() {
  return troupe::batch("all", one_node(suspends{}), numbered(20),
                       {.concurrency = 10});
}

}  // namespace

TEST_CASE("A system works in an actor system of the caller", "[system]") {
  caf::actor_system_config config;
  troupe::system::load(config);
  caf::actor_system host{config};
  {
    troupe::system sys{host};
    troupe::system other{host, {.turns = troupe::turns::by_message}};
    CHECK(&sys.actors() == &host);
    const auto first = sys.start(many_that_wait());
    const auto second = other.start(many_that_wait());
    CHECK(first.get().state.get<int>("n") == 20);
    CHECK(second.get().state.get<int>("n") == 20);
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("The end of a system waits for its runs", "[system]") {
  std::vector<troupe::run> runs;
  {
    troupe::system sys;
    for (int i = 0; i < 10; ++i) runs.push_back(sys.start(many_that_wait()));
  }
  for (const auto& each : runs) {
    REQUIRE(each.done());
    CHECK(each.get().state.get<int>("n") == 20);
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("Runs of a system have ids of their own", "[system]") {
  simulation sim;
  std::set<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.insert(sim.start(many_that_wait()).id());
  CHECK(ids.size() == 10);
}

TEST_CASE("The seed of a run repeats its random waits", "[system]") {
  const auto time_of = [](std::uint64_t seed) {
    struct fails {
      int exec() const { throw troupe::error{troupe::errc::node_threw, "no"}; }
    };
    simulation sim;
    const auto work =
        one_node(fails{}, {.retry = {.attempts = 10,
                                     .wait = 1s,
                                     .backoff = 2,
                                     .jitter = troupe::jitter::full}});
    const auto began = sim.now();
    CHECK_FALSE(sim.finish(sim.start(work, {}, {.seed = seed})).ok());
    return sim.now() - began;
  };
  CHECK(time_of(1) == time_of(1));
  CHECK(time_of(1) != time_of(2));
}

TEST_CASE("A flow and its state may be shared by many runs", "[system]") {
  troupe::system sys{{.threads = 3}};
  const auto work = many_that_wait();
  const state initial{{"n", 100}};
  std::vector<troupe::run> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(sys.start(work, initial));
  for (const auto& each : runs) CHECK(each.get().state.get<int>("n") == 120);
  CHECK(initial == state{{"n", 100}});
}
