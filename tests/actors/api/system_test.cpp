#include "core/system_core.hpp"
#include "support/actors/let_others_run.hpp"
#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/each.hpp>
#include <troupe/system.hpp>
#include <troupe/testing.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
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

namespace {

struct is_busy_twice {
  int exec(const troupe::context& ctx) const {
    if (ctx.attempt() > 1) return 1;
    throw troupe::error{troupe::errc::rate_limited, "busy"};
  }
};

const troupe::retry_options spread{
    .attempts = 3, .wait = 10s, .jitter = troupe::jitter::full};

/// Checks that `count` random waits are as different as chance makes them.
void check_spread(const std::vector<troupe::run>& runs, simulation& sim,
                  std::size_t count) {
  std::set<troupe::duration> waits;
  std::size_t all = 0;
  for (const auto& each : runs) {
    CHECK(sim.finish(each).ok());
    for (const auto& told : events_of(each)) {
      if (told.kind != troupe::event_kind::retry) continue;
      ++all;
      waits.insert(told.wait);
    }
  }
  CHECK(all == count);
  // Of 10^10 nanoseconds, two of a thousand are the same once in 20,000 times.
  CHECK(waits.size() == count);
}

troupe::run_options telling(std::optional<std::uint64_t> seed = {}) {
  troupe::run_options options;
  options.seed = seed;
  options.events = troupe::event_detail::steps;
  options.events_max = 100'000;
  return options;
}

}  // namespace

TEST_CASE("Random waits of runs, items and attempts differ", "[system]") {
  simulation sim;
  const auto seed =
      GENERATE(std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{7});
  SECTION("of runs") {
    std::vector<troupe::run> runs;
    for (std::uint64_t i = 0; i < 250; ++i) {
      auto options = telling();
      if (seed) options.seed = i;
      runs.push_back(
          sim.start(one_node(is_busy_twice{}, {.retry = spread}), {}, options));
    }
    check_spread(runs, sim, 500);
  }
  SECTION("of runs of one name") {
    std::vector<troupe::run> runs;
    for (int i = 0; i < 250; ++i) {
      auto options = telling();
      options.id = "again";
      runs.push_back(
          sim.start(one_node(is_busy_twice{}, {.retry = spread}), {}, options));
    }
    check_spread(runs, sim, 500);
  }
  SECTION("of nested batches") {
    auto work = one_node(is_busy_twice{}, {.retry = spread});
    for (const auto* name : {"a", "b", "c"}) {
      work = troupe::batch(name, work, numbered(7), {.concurrency = 7});
    }
    check_spread({sim.start(work, {}, telling(seed))}, sim, 686);
  }
  SECTION("of items of batches in a loop") {
    struct items {
      std::vector<int> prep() const { return std::vector<int>(10); }
      int exec(int, const troupe::context& ctx) const {
        return is_busy_twice{}.exec(ctx);
      }
    };
    troupe::flow_builder flow{"loop"};
    const auto all = flow.add(
        "all",
        troupe::batch("all", one_node(troupe::each(items{}), {.retry = spread}),
                      numbered(10), {.concurrency = 3}));
    const auto again = flow.add("again", [](state& shared) {
      shared.add("rounds", 1);
      return troupe::action{shared.get<int>("rounds") < 3 ? "again" : "done"};
    });
    all >> again;
    again - "again" >> all;
    check_spread({sim.start(flow.build(), {}, telling(seed))}, sim, 600);
  }
}

TEST_CASE("Runs of systems of their own do not wait alike", "[system]") {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 3; ++i) {
    troupe::system sys{{.threads = 1}};
    for (int j = 0; j < 3; ++j) seeds.insert(sys.core().next_seed());
  }
  CHECK(seeds.size() == 9);
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

namespace {

template <int Which>
struct kept_part final : troupe::detail::system_part {
  void close() noexcept override {
    if (closed != nullptr) closed->push_back(Which);
  }
  std::vector<int>* closed = nullptr;
};

}  // namespace

TEST_CASE("A system keeps one part of each class, and closes the last first",
          "[system]") {
  std::vector<int> closed;
  {
    troupe::system sys;
    const auto first = sys.core().part<kept_part<1>>();
    const auto second = sys.core().part<kept_part<2>>();
    CHECK(sys.core().part<kept_part<1>>() == first);
    CHECK(sys.core().part<kept_part<2>>() == second);
    first->closed = &closed;
    second->closed = &closed;
  }
  CHECK(closed == std::vector<int>{2, 1});
}
