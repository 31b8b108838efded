#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/rate_limit.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::rate_limit;
using troupe::rate_limit_options;
using troupe::rate_pass;
using troupe::state;
using troupe::task;
using troupe::time_point;
using troupe::testing::simulation;

namespace {

/// So many requests a second, all of them used.
rate_limit_options a_second(double requests) {
  rate_limit_options options;
  options.requests = {.amount = requests, .per = 1s};
  options.share = 1;
  return options;
}

/// The times at which items passed, in the order of passing.
struct pass_log {
  std::vector<std::pair<int, time_point>> passed;
};

/// Passes once for its item, with `tokens`, of which it uses `used`.
struct passes {
  rate_limit limit;
  std::shared_ptr<pass_log> into = std::make_shared<pass_log>();
  double tokens = 0;
  std::optional<double> used = {};

  task<> exec(troupe::context& ctx) const {
    rate_pass pass = co_await limit.acquire(tokens);
    const int item =
        ctx.params().contains("i") ? ctx.params().at("i").get<int>() : -1;
    into->passed.emplace_back(item, ctx.now());
    if (used) pass.used(*used);
  }
};

troupe::flow all_of(passes node, std::size_t count) {
  return troupe::batch("all", one_node(std::move(node)), numbered(count),
                       {.concurrency = troupe::concurrency_max});
}

/// Returns the time that the passes of `count` items take, from the first to
/// the last.
troupe::duration span_of(const rate_limit_options& options, std::size_t count,
                         double tokens = 0, std::optional<double> used = {}) {
  simulation sim;
  const passes node{rate_limit{sim.system(), options},
                    std::make_shared<pass_log>(), tokens, used};
  CHECK(sim.finish(sim.start(all_of(node, count))).ok());
  REQUIRE(node.into->passed.size() == count);
  return node.into->passed.back().second - node.into->passed.front().second;
}

}  // namespace

TEST_CASE("Passes are given evenly, first come, first served", "[rate_limit]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const passes node{rate_limit{sim.system(), a_second(100)}};
  CHECK(sim.finish(sim.start(all_of(node, 301))).ok());
  const auto& passed = node.into->passed;
  REQUIRE(passed.size() == 301);
  for (int i = 0; i < 301; ++i) {
    CHECK(passed[static_cast<std::size_t>(i)].first == i);
  }
  const auto span = passed.back().second - passed.front().second;
  CHECK(span >= 2'998ms);
  CHECK(span <= 3'001ms);
}

TEST_CASE("More passes than there are ticks of a timer keep their rate",
          "[rate_limit]") {
  const auto span = span_of(a_second(10'000), 5'000);
  CHECK(span >= 495ms);
  CHECK(span <= 501ms);
}

TEST_CASE("A share of the rate is left for the network", "[rate_limit]") {
  auto options = a_second(100);
  options.share = 0.5;
  CHECK(span_of(options, 101) >= 1'998ms);
}

TEST_CASE("Tokens are counted as well as requests, and set right",
          "[rate_limit]") {
  auto options = a_second(100);
  options.tokens = troupe::rate{.amount = 60'000, .per = 1min};
  const auto as_said = span_of(options, 11, 1'000);
  CHECK(as_said >= 9'990ms);
  CHECK(as_said <= 10'010ms);
  CHECK(span_of(options, 11, 1'000, 100) <= 1'010ms);
  CHECK(span_of(options, 11, 100, 1'000) >= 9'000ms);
  CHECK(span_of(options, 11) <= 101ms);
}

TEST_CASE("Backing off halves the rate, and a pause stops it", "[rate_limit]") {
  simulation sim;
  const passes node{rate_limit{sim.system(), a_second(100)}};
  node.limit.back_off(1min);
  const auto began = sim.now();
  CHECK(sim.finish(sim.start(all_of(node, 101))).ok());
  CHECK(node.into->passed.front().second - began >= 1min);

  const passes slow{rate_limit{sim.system(), a_second(100)}};
  slow.limit.back_off();
  CHECK(sim.finish(sim.start(all_of(slow, 101))).ok());
  const auto& passed = slow.into->passed;
  const auto span = passed.back().second - passed.front().second;
  CHECK(span >= 1'200ms);
  CHECK(span <= 2s);
}

TEST_CASE("Who leaves the line holds up nobody", "[rate_limit]") {
  simulation sim;
  const rate_limit limit{sim.system(), a_second(1)};
  const passes stays{limit};
  const auto first = sim.start(all_of({limit}, 1000));
  sim.run_ready();
  const auto last = sim.start(one_node(stays));
  sim.run_ready();
  first.cancel();
  const auto began = sim.now();
  CHECK(sim.finish(last).ok());
  CHECK(sim.now() - began <= 1s);
}

TEST_CASE("A pass that nobody takes any more goes back", "[rate_limit]") {
  simulation sim;
  const rate_limit limit{sim.system(), a_second(1)};
  // The run is cancelled after each number of turns that it may have had.
  const int turns = GENERATE(range(0, 12));
  const passes first{limit};
  const auto run = sim.start(one_node(first));
  for (int i = 0; i < turns; ++i) sim.run_one();
  run.cancel();
  sim.run_ready();
  const passes next{limit};
  const auto began = sim.now();
  CHECK(sim.finish(sim.start(one_node(next))).ok());
  const bool was_at_once = next.into->passed.front().second == began;
  CHECK(was_at_once == first.into->passed.empty());
}

TEST_CASE("Throws and cancels leave the rate as it was", "[rate_limit]") {
  struct throws_after {
    rate_limit limit;
    task<> exec() const {
      const rate_pass pass = co_await limit.acquire();
      throw std::runtime_error("fell off");
    }
  };
  simulation sim;
  const rate_limit limit{sim.system(), a_second(1'000)};
  const auto failing =
      troupe::batch("failing", one_node(throws_after{limit}), numbered(5'000),
                    {.concurrency = 100, .on_failure = troupe::collect});
  for (int i = 0; i < 10; ++i) {
    const auto run = sim.start(all_of({limit}, 500));
    sim.run_ready();
    run.cancel();
    sim.run_ready();
  }
  const auto began = sim.now();
  CHECK(sim.finish(sim.start(failing)).ok());
  const auto took = sim.now() - began;
  CHECK(took >= 4'980ms);
  CHECK(took <= 5'030ms);
}

TEST_CASE("A line that is full lets nobody in", "[rate_limit]") {
  auto options = a_second(1);
  options.waiting_max = 2;
  simulation sim;
  const rate_limit limit{sim.system(), options};
  const auto inside = sim.start(all_of({limit}, 3));
  sim.run_ready();
  const auto outside = sim.start(one_node(passes{limit}));
  CHECK(sim.finish(outside).failure.value().code() == errc::overloaded);
  CHECK(sim.finish(inside).ok());
}

TEST_CASE("Rate limit options out of their bounds are refused",
          "[rate_limit]") {
  simulation sim;
  const auto refused = [&](const rate_limit_options& options) {
    return code_of([&] {
             rate_limit{sim.system(), options};
           }) == errc::bad_flow;
  };
  auto options = a_second(0);
  CHECK(refused(options));
  options = a_second(1);
  options.tokens = troupe::rate{.amount = -1};
  CHECK(refused(options));
  options = a_second(1);
  options.share = 0;
  CHECK(refused(options));
  options.share = 1.1;
  CHECK(refused(options));
  options = a_second(1);
  options.waiting_max = 0;
  CHECK(refused(options));
}

TEST_CASE("A negative or infinite number of tokens is refused",
          "[rate_limit]") {
  simulation sim;
  const rate_limit limit{sim.system(), a_second(1)};
  const double wrong = GENERATE(-1.0, std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN());
  CHECK(code_of([&] { auto none = limit.acquire(wrong); }) == errc::bad_value);
  const auto ended = sim.finish(sim.start(
      one_node(passes{limit, std::make_shared<pass_log>(), 0, wrong})));
  CHECK(ended.failure.value().code() == errc::bad_value);
}

TEST_CASE("On real threads all pass, in time", "[rate_limit]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  struct counts {
    rate_limit limit;
    std::shared_ptr<std::atomic<int>> passed;
    task<> exec() const {
      const rate_pass pass = co_await limit.acquire();
      passed->fetch_add(1);
    }
  };
  troupe::system sys{{.threads = width, .turns = how}};
  const auto passed = std::make_shared<std::atomic<int>>(0);
  const auto run = sys.start(
      troupe::batch("all", one_node(counts{{sys, a_second(100'000)}, passed}),
                    numbered(1'000), {.concurrency = 100}));
  CHECK(run.get().ok());
  CHECK(passed->load() == 1'000);
}

TEST_CASE("What is set right last of all reaches no system that has ended",
          "[rate_limit]") {
  auto options = a_second(1'000);
  options.tokens = troupe::rate{.amount = 1'000, .per = 1s};
  for (int i = 0; i < 100; ++i) {
    troupe::system sys{{.threads = 2}};
    const rate_limit limit{sys, options};
    const passes node{limit, std::make_shared<pass_log>(), 10, 5};
    CHECK(sys.start(one_node(node)).get().ok());
  }
}

TEST_CASE("A rate limit may be destroyed after its system", "[rate_limit]") {
  std::optional<rate_limit> kept;
  {
    troupe::system sys{{.threads = 1}};
    kept.emplace(sys, a_second(1));
    const auto run = sys.start(all_of({*kept}, 3));
    run.cancel();
    CHECK_FALSE(run.get().ok());
  }
  kept.reset();
  CHECK_FALSE(kept.has_value());
}

TEST_CASE("An absurd number of used tokens costs a window, not a century",
          "[rate_limit]") {
  rate_limit_options options = a_second(1000);
  options.tokens = {{.amount = 1000, .per = 1s}};
  const auto span = span_of(options, 4, 1, 1e18);
  CHECK(span >= 3s);
  CHECK(span <= 3100ms);
}

TEST_CASE("More tokens than a limit ever gives are refused at once",
          "[rate_limit]") {
  simulation sim;
  auto options = a_second(100);
  options.tokens = troupe::rate{.amount = 1'000, .per = 1s};
  const double burst = GENERATE(1, 5'000);
  options.tokens->burst = burst;
  const rate_limit limit{sim.system(), options};
  const double most = std::max(1'000.0, burst);
  CHECK_NOTHROW(static_cast<void>(limit.acquire(most)));
  for (const double much : {most + 1, 1e18, 1e300}) {
    try {
      static_cast<void>(limit.acquire(much));
      FAIL("nothing was thrown");
    } catch (const error& why) {
      CHECK(why.code() == errc::bad_value);
      CHECK(why.is_permanent());
      CHECK(has(why.message(), "can never pass"));
    }
  }
  // Those of a limit that counts no tokens say nothing.
  const rate_limit uncounted{sim.system(), a_second(100)};
  CHECK_NOTHROW(static_cast<void>(uncounted.acquire(1e18)));
}
