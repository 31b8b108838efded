#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/result_cache.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::result_cache;
using troupe::task;
using troupe::testing::simulation;

namespace {

/// Makes the square of "n", or of a sub-flow's position, slowly, and keeps it.
struct squares {
  result_cache cache;
  /// The first so many calls fail.
  int failures = 0;
  std::shared_ptr<std::atomic<int>> calls =
      std::make_shared<std::atomic<int>>(0);

  int prep(const troupe::state& shared) const { return shared.get_or("n", 3); }
  task<int> exec(int n, troupe::context& ctx) const {
    auto work = made(n);
    co_return co_await cache.get(ctx, n, std::move(work));
  }
  void post(troupe::state& shared, int, int square) const {
    shared.set("square", square);
  }

  task<int> made(int n) const {
    const int call = ++*calls;
    co_await troupe::sleep_for(1s);
    if (call <= failures) throw error{errc::request_failed, "busy"};
    co_return n* n;
  }
};

troupe::flow in_parallel(const squares& node, std::size_t count) {
  return troupe::batch("all", one_node(node), numbered(count),
                       {.concurrency = count,
                        .on_failure = troupe::collect,
                        .on_conflict = troupe::on_conflict::agree});
}

}  // namespace

TEST_CASE("What is kept is not made again", "[result_cache]") {
  simulation sim;
  const squares node{result_cache{sim.system()}};
  for (int i = 0; i < 3; ++i) {
    const auto ended = sim.finish(sim.start(one_node(node), {{"n", 4}}));
    CHECK(ended.state.at("square") == 16);
  }
  CHECK(*node.calls == 1);
  const auto counts = node.cache.counts();
  CHECK(counts.hits == 2);
  CHECK(counts.misses == 1);
  CHECK(counts.entries == 1);
}

TEST_CASE("Each input has a result of its own", "[result_cache]") {
  simulation sim;
  const squares node{result_cache{sim.system()}};
  for (int n = 1; n < 4; ++n) {
    const auto ended = sim.finish(sim.start(one_node(node), {{"n", n}}));
    CHECK(ended.state.at("square") == n * n);
  }
  CHECK(*node.calls == 3);
}

TEST_CASE("Many who ask at once wait for one who makes it", "[result_cache]") {
  simulation sim;
  const std::size_t width = GENERATE(2, 3, 8);
  const squares node{result_cache{sim.system()}};
  const auto start = sim.now();
  REQUIRE(sim.finish(sim.start(in_parallel(node, width))).ok());
  CHECK(*node.calls == 1);
  CHECK(sim.now() - start == 1s);
}

TEST_CASE("Who waited makes it if it was not made", "[result_cache]") {
  simulation sim;
  squares node{result_cache{sim.system()}};
  node.failures = 2;
  REQUIRE(sim.finish(sim.start(in_parallel(node, 8))).ok());
  CHECK(*node.calls == 3);
}

TEST_CASE("Who waited makes it if the one who made it is cancelled",
          "[result_cache]") {
  simulation sim;
  const squares node{result_cache{sim.system()}};
  auto first = sim.start(one_node(node));
  auto other = sim.start(one_node(node));
  sim.advance(500ms);
  first.cancel();
  const auto ended = sim.finish(other);
  CHECK(ended.state.at("square") == 9);
  CHECK_FALSE(sim.finish(first).ok());
  CHECK(*node.calls == 2);
}

TEST_CASE("A retry makes its result anew", "[result_cache]") {
  simulation sim;
  squares node{result_cache{sim.system()}};
  REQUIRE(sim.finish(sim.start(one_node(node))).ok());
  /// Fails after it was given what was kept, as a result that is no good.
  struct wants_another : squares {
    task<int> exec(int n, troupe::context& ctx) const {
      auto work = made(n);
      const int square = co_await cache.get(ctx, n, std::move(work));
      if (ctx.attempt() == 0) throw error{errc::bad_reply, "no good"};
      co_return square;
    }
  };
  const auto work = one_node(wants_another{node}, {.retry = {.attempts = 2}});
  REQUIRE(sim.finish(sim.start(work)).ok());
  CHECK(*node.calls == 2);
}

TEST_CASE("What is kept is good for its time", "[result_cache]") {
  simulation sim;
  const squares node{result_cache{sim.system(), {.ttl = 1min}}};
  REQUIRE(sim.finish(sim.start(one_node(node))).ok());
  sim.advance(2min);
  REQUIRE(sim.finish(sim.start(one_node(node))).ok());
  CHECK(*node.calls == 2);
}

TEST_CASE("A cache without room for results is refused", "[result_cache]") {
  simulation sim;
  CHECK(code_of([&] {
          return result_cache{sim.system(), {.bytes_max = 0}};
        }) == errc::bad_flow);
}
