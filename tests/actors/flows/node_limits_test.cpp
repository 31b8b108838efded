// The conditions that a run and the options of a node set for its attempts: the
// limits they have to pass, and the retries that all nodes of a run share.

#include "support/actors/both_ways.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::node_options;
using troupe::rate_limit;
using troupe::semaphore;
using troupe::testing::simulation;

namespace {

/// `count` sub-flows of `work` at once.
troupe::flow in_parallel(
    troupe::flow work, std::size_t count,
    troupe::failure_policy on_failure = troupe::fail_fast) {
  return troupe::batch("all", std::move(work), numbered(count),
                       {.concurrency = count, .on_failure = on_failure});
}

/// The times at which attempts began, and the most that were at work at once.
struct attempt_log {
  std::vector<troupe::time_point> began;
  int now = 0;
  int most = 0;
};
using log_ptr = std::shared_ptr<attempt_log>;

struct works_a_second {
  log_ptr into = std::make_shared<attempt_log>();

  troupe::task<> exec(troupe::context& ctx) const {
    into->began.push_back(ctx.now());
    into->most = std::max(into->most, ++into->now);
    co_await troupe::sleep_for(1s);
    --into->now;
  }
};

/// Not a coroutine, so that it needs one only for its line.
struct works_at_once {
  log_ptr into = std::make_shared<attempt_log>();

  void exec(troupe::context& ctx) const { into->began.push_back(ctx.now()); }
};

troupe::rate_limit_options one_a_second() {
  troupe::rate_limit_options options;
  options.requests = {.amount = 1, .per = 1s};
  options.share = 1;
  return options;
}

/// A pass may come a little early, as the rate is kept on the whole.
bool is_about(troupe::duration wanted, troupe::duration got) {
  return got <= wanted && got >= wanted - 10ms;
}

/// Fails as a server does that wants fewer requests, as often as it is told.
struct is_rejected {
  log_ptr into = std::make_shared<attempt_log>();
  std::shared_ptr<int> left = std::make_shared<int>(1);

  void exec(troupe::context& ctx) const {
    into->began.push_back(ctx.now());
    if ((*left)-- > 0) {
      throw error{errc::rate_limited, "too many"}.retry_after(10s);
    }
  }
};

struct always_down {
  std::shared_ptr<std::atomic<int>> calls =
      std::make_shared<std::atomic<int>>(0);

  void exec() const {
    ++*calls;
    throw error{errc::request_failed, "down"};
  }
};

struct fails_for_items {
  std::shared_ptr<std::atomic<int>> calls =
      std::make_shared<std::atomic<int>>(0);

  std::vector<int> prep() const { return {1, 2, 3}; }
  int exec(int) const {
    ++*calls;
    throw error{errc::request_failed, "down"};
  }
  int fallback(int) const { return 0; }
  void post() const {}
};

}  // namespace

TEST_CASE("A semaphore among a node's limits bounds its attempts", "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const semaphore seats{sim.system(), 3};
  const works_a_second node;
  const auto work = in_parallel(one_node(node, {.limits = {seats}}), 10);
  REQUIRE(sim.finish(sim.start(work)).ok());
  CHECK(node.into->began.size() == 10);
  CHECK(node.into->most == 3);
}

TEST_CASE("A rate among a node's limits spreads its attempts", "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const rate_limit rate{sim.system(), one_a_second()};
  const works_at_once node;
  const auto start = sim.now();
  const auto work = in_parallel(one_node(node, {.limits = {rate}}), 5);
  REQUIRE(sim.finish(sim.start(work)).ok());
  REQUIRE(node.into->began.size() == 5);
  CHECK(is_about(4s, node.into->began.back() - start));
}

TEST_CASE("Each item of a batch node passes the limits", "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const rate_limit rate{sim.system(), one_a_second()};
  fails_for_items node;
  const auto work =
      one_node(troupe::each(node, {.concurrency = 3}), {.limits = {rate}});
  const auto start = sim.now();
  REQUIRE(sim.finish(sim.start(work)).ok());
  CHECK(is_about(2s, sim.now() - start));
}

TEST_CASE("The time in line does not count as the attempt's", "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const semaphore seat{sim.system(), 1};
  const auto work = in_parallel(
      one_node(works_a_second{}, {.timeout = 1500ms, .limits = {seat}}), 4);
  CHECK(sim.finish(sim.start(work)).ok());
}

TEST_CASE("A permit of a node's limit comes back when the attempt fails",
          "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const semaphore seat{sim.system(), 1};
  const always_down node;
  const auto work =
      one_node(node, {.retry = {.attempts = 5}, .limits = {seat}});
  CHECK(sim.finish(sim.start(work)).failure->code() == errc::request_failed);
  CHECK(*node.calls == 5);
}

TEST_CASE("A server that wants fewer requests pauses the rate", "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const rate_limit rate{sim.system(), one_a_second()};
  const is_rejected node;
  const auto work =
      one_node(node, {.retry = {.attempts = 2}, .limits = {rate}});
  const auto start = sim.now();
  auto first = sim.start(work);
  auto other = sim.start(work);
  REQUIRE(sim.finish(first).ok());
  REQUIRE(sim.finish(other).ok());
  REQUIRE(node.into->began.size() == 3);
  CHECK(node.into->began[1] - start >= 10s);
}

TEST_CASE("All nodes of a run share its retries", "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const always_down node;
  const auto work =
      in_parallel(one_node(node, {.retry = {.attempts = 4, .wait = 1s}}), 10,
                  troupe::collect);
  troupe::run_options options;
  options.retries_max = 7;
  sim.finish(sim.start(work, {}, options));
  CHECK(*node.calls == 10 + 7);
}

TEST_CASE("The items of a batch node take the retries of their run",
          "[limits]") {
  simulation sim{{.turns = both_ways()}};
  const fails_for_items node;
  troupe::run_options options;
  options.retries_max = 2;
  const auto work = one_node(troupe::each(node), {.retry = {.attempts = 3}});
  REQUIRE(sim.finish(sim.start(work, {}, options)).ok());
  CHECK(*node.calls == 3 + 2);
}

TEST_CASE("A node without exec has nothing to limit", "[limits]") {
  simulation sim;
  const semaphore seat{sim.system(), 1};
  struct only_posts {
    void post() const {}
  };
  try {
    one_node(only_posts{}, {.limits = {seat}});
    FAIL("the flow was built");
  } catch (const error& why) {
    CHECK(has(why.message(), "limits apply to exec"));
  }
}
