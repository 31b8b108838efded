// Waits that can never end, as several wait for each other, and each holds what
// another wants.

#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"
#include "support/has.hpp"

#include <troupe/result_cache.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::testing::simulation;

namespace {

/// Asks for a permit after a while.
struct acquires_once {
  troupe::semaphore seats;
  troupe::duration wait;
  troupe::task<> exec() const {
    co_await troupe::sleep_for(wait);
    auto asking = seats.acquire();
    const auto seat = co_await asking;
  }
};

/// Holds one of the first while it asks for one of the second.
struct acquires_in_turn {
  troupe::semaphore first;
  troupe::semaphore second;
  troupe::task<> exec() const {
    auto asking = first.acquire();
    const auto seat = co_await asking;
    co_await troupe::sleep_for(5ms);
    auto asking_more = second.acquire();
    const auto other = co_await asking_more;
  }
};

/// The number of deadlocks in `outcomes`. All others are well.
std::size_t deadlocks_in(const std::vector<troupe::outcome>& outcomes) {
  std::size_t count = 0;
  for (const auto& each : outcomes) {
    if (!each.failure) continue;
    ++count;
    CHECK(each.failure->code() == errc::deadlock);
    CHECK(has(each.failure->message(), "node 'only'"));
  }
  return count;
}

}  // namespace

TEST_CASE("Limits that are taken in a ring cost one of those in it",
          "[deadlock]") {
  const std::size_t count = GENERATE(2U, 3U, 7U);
  simulation sim;
  std::vector<troupe::semaphore> limits;
  for (std::size_t i = 0; i < count; ++i) limits.emplace_back(sim.system(), 1);
  std::vector<troupe::run> runs;
  for (std::size_t i = 0; i < count; ++i) {
    runs.push_back(sim.start(
        one_node(acquires_in_turn{limits[i], limits[(i + 1) % count]})));
  }
  std::vector<troupe::outcome> outcomes;
  for (const auto& each : runs) outcomes.push_back(sim.finish(each));
  CHECK(deadlocks_in(outcomes) == 1);
  // Their permits have come back.
  CHECK(sim.finish(sim.start(one_node(acquires_in_turn{limits[0], limits[1]})))
            .ok());
}

TEST_CASE("Options that name two limits in two orders cost one of two",
          "[deadlock]") {
  simulation sim;
  const troupe::semaphore a{sim.system(), 1};
  const troupe::semaphore b{sim.system(), 1};
  const auto inside = [](const troupe::semaphore& limit,
                         const troupe::semaphore& asked) {
    return one_node(acquires_once{asked, 5ms}, {.limits = {limit}});
  };
  const auto one = sim.start(inside(a, b));
  const auto two = sim.start(inside(b, a));
  CHECK(deadlocks_in({sim.finish(one), sim.finish(two)}) == 1);
}

TEST_CASE("Results of which each is needed for the other cost one of two",
          "[deadlock]") {
  struct needs {
    troupe::result_cache cache;
    int mine;
    int other;
    static troupe::task<int> last() { co_return 1; }
    static troupe::task<int> inner(troupe::result_cache cache,
                                   troupe::context& ctx, int key) {
      co_await troupe::sleep_for(5ms);
      co_return co_await cache.get(ctx, key, last());
    }
    troupe::task<int> exec(troupe::context& ctx) const {
      co_return co_await cache.get(ctx, mine, inner(cache, ctx, other));
    }
  };
  simulation sim;
  const troupe::result_cache cache{sim.system()};
  const auto one = sim.start(one_node(needs{cache, 1, 2}));
  const auto two = sim.start(one_node(needs{cache, 2, 1}));
  CHECK(deadlocks_in({sim.finish(one), sim.finish(two)}) == 1);
}

TEST_CASE("A ring over two limits and an awaited run is found", "[deadlock]") {
  simulation sim;
  const troupe::semaphore a{sim.system(), 1};
  const troupe::semaphore b{sim.system(), 1};
  struct awaits_other {
    troupe::system* sys;
    troupe::flow other;
    troupe::task<> exec() const {
      const auto run = sys->start(other);
      const auto ended = co_await run;
      if (ended.failure) throw troupe::error{*ended.failure};
    }
  };
  // It holds `a` and needs `b`, the other way round than the other.
  const auto one = sim.start(
      one_node(awaits_other{&sim.system(), one_node(acquires_once{b, 5ms})},
               {.limits = {a}}));
  const auto two = sim.start(one_node(acquires_in_turn{b, a}));
  CHECK(deadlocks_in({sim.finish(one), sim.finish(two)}) == 1);
}

TEST_CASE("Two limits in one order are no error", "[deadlock]") {
  simulation sim;
  const troupe::semaphore a{sim.system(), 1};
  const troupe::semaphore b{sim.system(), 2};
  std::vector<troupe::run> runs;
  for (int i = 0; i < 20; ++i) {
    runs.push_back(sim.start(one_node(acquires_in_turn{b, a})));
  }
  for (const auto& each : runs) CHECK(sim.finish(each).ok());
}

TEST_CASE("Rings on several threads cost one wait each", "[deadlock]") {
  troupe::system sys{{.threads = 3}};
  for (int i = 0; i < 20; ++i) {
    const troupe::semaphore a{sys, 1};
    const troupe::semaphore b{sys, 1};
    const auto one =
        sys.start(one_node(acquires_in_turn{a, b}), {}, {.deadline = 20s});
    const auto two =
        sys.start(one_node(acquires_in_turn{b, a}), {}, {.deadline = 20s});
    // One may have ended before the other began.
    CHECK(deadlocks_in({one.get(), two.get()}) <= 1);
  }
}

TEST_CASE("A permit behind one who wants all closes a ring", "[deadlock]") {
  struct wants_all {
    troupe::semaphore seats;
    troupe::task<> exec() const {
      co_await troupe::sleep_for(1ms);
      auto asking = seats.acquire(2);
      const auto all = co_await asking;
    }
  };
  simulation sim;
  const troupe::semaphore seats{sim.system(), 2};
  const auto one = sim.start(one_node(acquires_in_turn{seats, seats}));
  const auto two = sim.start(one_node(wants_all{seats}));
  CHECK(deadlocks_in({sim.finish(one)}) == 1);
  CHECK(sim.finish(two).ok());
}

TEST_CASE("A ring with a permit that was moved is told as a warning",
          "[deadlock]") {
  struct keeps_in_list {
    troupe::semaphore seats;
    troupe::task<> exec() const {
      auto asking = seats.acquire();
      std::vector<troupe::permit> kept;
      kept.push_back(co_await asking);
      auto asking_more = seats.acquire();
      const auto other = co_await asking_more;
    }
  };
  simulation sim;
  const troupe::semaphore seats{sim.system(), 1};
  const auto run = sim.start(one_node(keeps_in_list{seats}));
  sim.advance(1s);
  CHECK_FALSE(run.done());
  run.cancel();
  static_cast<void>(sim.finish(run));
  const auto events = events_of(run);
  CHECK(std::any_of(events.begin(), events.end(), [](const auto& each) {
    return each.kind == troupe::event_kind::warning &&
           has(each.text, "the permit can never be granted") &&
           has(each.text, "node 'only'");
  }));
}
