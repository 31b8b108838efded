// Waits that can never end, as a run or an attempt waits for itself.

#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/has.hpp"

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/each.hpp>
#include <troupe/result_cache.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::testing::simulation;

namespace {

/// Asks for a permit while it runs.
struct acquires {
  troupe::semaphore seats;
  std::uint32_t count = 1;
  troupe::task<> exec() const {
    auto asking = seats.acquire(count);
    const auto seat = co_await asking;
  }
};

/// Holds one and asks for another.
struct acquires_twice {
  troupe::semaphore seats;
  troupe::task<> exec() const {
    auto first = seats.acquire();
    const auto seat = co_await first;
    auto second = seats.acquire();
    const auto other = co_await second;
  }
};

/// Awaits a run of a flow that is set later, as it may be its own.
struct awaits_in_ring {
  troupe::system* sys;
  std::shared_ptr<std::optional<troupe::flow>> inner;
  troupe::task<> exec() const {
    const auto run = sys->start(inner->value());
    auto ended = co_await run;
    if (ended.failure) throw *ended.failure;
  }
};

void expect_deadlock(const troupe::outcome& ended, const std::string& node) {
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::deadlock);
  CHECK(ended.failure->is_permanent());
  CHECK(has(ended.failure->message(), "node '" + node + "'"));
}

}  // namespace

TEST_CASE("A limit within itself is an error", "[deadlock]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  troupe::semaphore seats{sim.system(), 1};
  const auto flow =
      one_node(acquires{seats}, {.retry = {.attempts = 3}, .limits = {seats}});
  expect_deadlock(sim.finish(sim.start(flow)), "only");
}

TEST_CASE("A second permit of a semaphore of one is an error", "[deadlock]") {
  simulation sim;
  troupe::semaphore seats{sim.system(), 1};
  expect_deadlock(sim.finish(sim.start(one_node(acquires_twice{seats}))),
                  "only");
}

TEST_CASE("Attempts that hold all permits and want one more do not wait",
          "[deadlock]") {
  simulation sim;
  troupe::semaphore seats{sim.system(), 4};
  const auto body = one_node(acquires{seats, 1}, {.limits = {seats}});
  std::vector<troupe::branch_outcome> outcomes;
  const auto all =
      troupe::batch("all", body, numbered(20),
                    {.concurrency = 20,
                     .on_failure = troupe::collect,
                     .post = [&](troupe::state&, const auto& ended, auto&) {
                       outcomes = ended;
                       return troupe::action{};
                     }});
  CHECK(sim.finish(sim.start(all)).ok());
  REQUIRE(outcomes.size() == 20);
  // Each that fails lets another go on.
  std::size_t failed = 0;
  for (const auto& each : outcomes) {
    if (!each.failure) continue;
    ++failed;
    CHECK(each.failure->code() == errc::deadlock);
  }
  CHECK(failed > 0);
  CHECK(failed < 20);
}

TEST_CASE("More permits than those above leave is an error", "[deadlock]") {
  simulation sim;
  troupe::semaphore seats{sim.system(), 3};
  const auto flow = one_node(acquires{seats, 3}, {.limits = {seats}});
  expect_deadlock(sim.finish(sim.start(flow)), "only");
}

TEST_CASE("A permit within a limit that has enough is no error", "[deadlock]") {
  simulation sim;
  troupe::semaphore seats{sim.system(), 2};
  const auto flow = one_node(acquires{seats}, {.limits = {seats}});
  const auto one = sim.start(flow);
  CHECK(sim.finish(one).ok());
}

TEST_CASE("Items that wait for one another's permits are no error",
          "[deadlock]") {
  struct takes_turns {
    troupe::semaphore seats;
    std::vector<int> prep() const { return {1, 2, 3}; }
    troupe::task<int> exec(int item) const {
      auto asking = seats.acquire();
      const auto seat = co_await asking;
      co_await troupe::sleep_for(5ms);
      co_return item;
    }
  };
  simulation sim;
  troupe::semaphore seats{sim.system(), 1};
  const auto flow = one_node(troupe::each(takes_turns{seats}, {3}));
  CHECK(sim.finish(sim.start(flow)).ok());
}

TEST_CASE("A permit that was handed on is not held by who got it",
          "[deadlock]") {
  struct hands_on {
    troupe::semaphore seats;
    static troupe::task<> keep(troupe::permit seat) {
      co_await troupe::sleep_for(5ms);
      seat.release();
    }
    static troupe::task<> ask(troupe::semaphore seats) {
      auto asking = seats.acquire();
      const auto seat = co_await asking;
    }
    troupe::task<> exec() const {
      auto asking = seats.acquire();
      auto seat = co_await asking;
      std::vector<troupe::task<>> both;
      both.push_back(keep(std::move(seat)));
      both.push_back(ask(seats));
      auto all = troupe::gather(std::move(both));
      co_await all;
    }
  };
  simulation sim;
  troupe::semaphore seats{sim.system(), 1};
  CHECK(sim.finish(sim.start(one_node(hands_on{seats}))).ok());
}

TEST_CASE("A node that awaits a run of its own limit is an error",
          "[deadlock]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const awaits_in_ring node{&sim.system(),
                            std::make_shared<std::optional<troupe::flow>>()};
  troupe::node_options options;
  SECTION("its concurrency") { options.concurrency = 1; }
  SECTION("a semaphore") {
    options.limits = {troupe::semaphore{sim.system(), 1}};
  }
  const auto flow = one_node(node, options);
  *node.inner = flow;
  expect_deadlock(sim.finish(sim.start(flow)), "only");
  node.inner->reset();
}

TEST_CASE("A ring over several runs is found", "[deadlock]") {
  simulation sim;
  troupe::semaphore seats{sim.system(), 1};
  const awaits_in_ring outer{&sim.system(),
                             std::make_shared<std::optional<troupe::flow>>()};
  const awaits_in_ring middle{&sim.system(),
                              std::make_shared<std::optional<troupe::flow>>()};
  *middle.inner = one_node(acquires{seats});
  *outer.inner = one_node(middle);
  expect_deadlock(sim.finish(sim.start(one_node(outer, {.limits = {seats}}))),
                  "only");
}

TEST_CASE("A run that is started and not awaited does not close a ring",
          "[deadlock]") {
  struct starts {
    troupe::system* sys;
    troupe::flow other;
    std::shared_ptr<std::optional<troupe::run>> started;
    troupe::task<> exec() const {
      *started = sys->start(other);
      co_await troupe::sleep_for(10ms);
    }
  };
  simulation sim;
  troupe::semaphore seats{sim.system(), 1};
  const starts node{&sim.system(), one_node(acquires{seats}),
                    std::make_shared<std::optional<troupe::run>>()};
  CHECK(sim.finish(sim.start(one_node(node, {.limits = {seats}}))).ok());
  CHECK(sim.finish(node.started->value()).ok());
}

TEST_CASE("A result that is needed to make itself is an error", "[deadlock]") {
  struct asks_itself {
    troupe::result_cache cache;
    static troupe::task<int> inner(troupe::result_cache cache,
                                   troupe::context& ctx) {
      auto work = [](int n) -> troupe::task<int> { co_return n; }(1);
      co_return co_await cache.get(ctx, "key", std::move(work));
    }
    troupe::task<int> exec(troupe::context& ctx) const {
      auto work = inner(cache, ctx);
      co_return co_await cache.get(ctx, "key", std::move(work));
    }
  };
  simulation sim;
  const asks_itself node{troupe::result_cache{sim.system()}};
  expect_deadlock(sim.finish(sim.start(one_node(node))), "only");
}

TEST_CASE("Calls that wait in get for a thread of their own pool are an error",
          "[deadlock]") {
  struct inner {
    int exec() const { return 1; }
  };
  struct outer {
    troupe::system* sys;
    troupe::flow work;
    void exec() const {
      auto ended = sys->start(work).get();
      if (ended.failure) throw *ended.failure;
    }
  };
  troupe::system sys{{.threads = 1, .blocking_threads_max = 2}};
  const troupe::node_options options{.threads = troupe::blocking};
  const auto work = one_node(inner{}, options);
  const auto body = one_node(outer{&sys, work}, options);
  std::vector<troupe::branch_outcome> outcomes;
  const auto all =
      troupe::batch("all", body, numbered(8),
                    {.concurrency = 8,
                     .on_failure = troupe::collect,
                     .post = [&](troupe::state&, const auto& ended, auto&) {
                       outcomes = ended;
                       return troupe::action{};
                     }});
  const auto run = sys.start(all, {}, {.deadline = 20s});
  CHECK(run.get().ok());
  REQUIRE(outcomes.size() == 8);
  for (const auto& each : outcomes) {
    if (each.failure) CHECK(each.failure->code() == errc::deadlock);
  }
}

TEST_CASE("A blocking call that waits in get for a run of its own limit",
          "[deadlock]") {
  struct gets_run {
    troupe::system* sys;
    std::shared_ptr<std::optional<troupe::flow>> inner;
    void exec() const {
      auto ended = sys->start(inner->value()).get();
      if (ended.failure) throw *ended.failure;
    }
  };
  troupe::system sys{{.threads = 1}};
  const gets_run node{&sys, std::make_shared<std::optional<troupe::flow>>()};
  const auto flow =
      one_node(node, {.concurrency = 1, .threads = troupe::blocking});
  *node.inner = flow;
  expect_deadlock(sys.start(flow, {}, {.deadline = 20s}).get(), "only");
  node.inner->reset();
}
