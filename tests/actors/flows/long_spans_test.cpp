// A span is as long as time goes, or not at all: every option, function and
// wait that takes one, with those at the ends of what a span can say.

#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/peer.hpp"
#include "support/tries.hpp"

#include <troupe/ask.hpp>
#include <troupe/each.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/result_cache.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::duration;
using troupe::errc;
using troupe::error;
using troupe::task;
using troupe::testing::simulation;

namespace {

constexpr duration hundred_years = std::chrono::hours{24 * 365 * 100};

duration any_long_span() {
  using std::chrono::hours;
  return GENERATE(duration::max(), duration::max() - 1ns, duration::max() / 2,
                  duration{std::chrono::floor<hours>(duration::max())},
                  duration{hours{24 * 365 * 290}});
}
duration no_span() {
  return GENERATE(duration::zero(), -1ns, duration::min(),
                  duration::min() + 1ns);
}

/// Takes an hour.
struct takes_an_hour {
  task<int> exec() const {
    co_await troupe::sleep_for(1h);
    co_return 7;
  }
};

struct sleeps {
  duration span;
  task<> exec() const { co_await troupe::sleep_for(span); }
};

/// Does what a function makes, within a limit.
struct limits_itself {
  duration limit;
  static task<int> work() {
    co_await troupe::sleep_for(1h);
    co_return 7;
  }
  task<int> exec() const { co_return co_await troupe::within(limit, work()); }
};

struct asks_slowly {
  duration limit;
  caf::actor to;
  task<int> exec() const {
    const int question = 1;
    co_return co_await troupe::ask<int>(to, limit, question);
  }
};

/// Fails once, and says when it was asked.
struct busy_once {
  std::shared_ptr<std::vector<troupe::time_point>> tried =
      std::make_shared<std::vector<troupe::time_point>>();
  std::optional<duration> asks_for = {};
  int exec(const troupe::context& ctx) const {
    tried->push_back(ctx.now());
    if (ctx.attempt() > 0) return 1;
    error busy{errc::rate_limited, "busy"};
    if (asks_for) busy.retry_after(*asks_for);
    throw busy;
  }
};

/// True if nothing of it happens in a century.
bool goes_on(simulation& sim, const troupe::run& run) {
  sim.advance(hundred_years);
  return !run.done();
}

}  // namespace

TEST_CASE("A long limit does not limit", "[long_spans]") {
  const duration span = any_long_span();
  simulation sim;
  SECTION("deadline") {
    CHECK(
        sim.finish(sim.start(one_node(takes_an_hour{}), {}, {.deadline = span}))
            .ok());
  }
  SECTION("timeout") {
    CHECK(sim.finish(sim.start(one_node(takes_an_hour{}, {.timeout = span})))
              .ok());
  }
  SECTION("timeout of a plain exec") {
    struct plain {
      int exec() const { return 1; }
    };
    CHECK(sim.finish(sim.start(one_node(plain{}, {.timeout = span}))).ok());
  }
  SECTION("timeout of an item") {
    struct items {
      std::vector<int> prep() const { return {1, 2}; }
      task<int> exec(int item) const {
        co_await troupe::sleep_for(1h);
        co_return item;
      }
    };
    CHECK(sim.finish(
                 sim.start(one_node(troupe::each(items{}), {.timeout = span})))
              .ok());
  }
  SECTION("within") {
    CHECK(sim.finish(sim.start(one_node(limits_itself{span}))).ok());
  }
  SECTION("the limit of a test") {
    const auto run = sim.start(one_node(takes_an_hour{}));
    CHECK(sim.finish(run, span).ok());
  }
}

TEST_CASE("A long wait does not end", "[long_spans]") {
  const duration span = any_long_span();
  simulation sim;
  SECTION("sleep_for") {
    CHECK(goes_on(sim, sim.start(one_node(sleeps{span}))));
  }
  SECTION("retry.wait") {
    const auto how = GENERATE(troupe::jitter::none, troupe::jitter::equal);
    const busy_once node;
    const auto run = sim.start(one_node(node, {.retry = {.attempts = 2,
                                                         .wait = span,
                                                         .backoff = 2,
                                                         .wait_max = span,
                                                         .jitter = how}}));
    CHECK(goes_on(sim, run));
    CHECK(node.tried->size() == 1);
  }
  SECTION("retry_after") {
    const auto how = GENERATE(troupe::jitter::none, troupe::jitter::equal,
                              troupe::jitter::full);
    busy_once node;
    node.asks_for = span;
    const auto run = sim.start(one_node(
        node, {.retry = {.attempts = 2, .wait_max = span, .jitter = how}}));
    CHECK(goes_on(sim, run));
    CHECK(node.tried->size() == 1);
  }
  SECTION("the script of a test") {
    troupe::testing::script model;
    model.after(span).after(span).gives(1);
    struct plays {
      troupe::testing::script from;
      task<> exec(troupe::context& ctx) const { co_await from.next(ctx); }
    };
    CHECK(goes_on(sim, sim.start(one_node(plays{model}))));
  }
}

TEST_CASE("Virtual time may go to its end, at which nothing is due",
          "[long_spans]") {
  simulation sim;
  const auto endless = sim.start(one_node(sleeps{duration::max()}));
  SECTION("by advance") {
    sim.advance(duration::max());
    CHECK_FALSE(endless.done());
    // Nothing can be later.
    const auto later = sim.start(one_node(sleeps{1h}));
    sim.advance(1h);
    CHECK_FALSE(later.done());
  }
  SECTION("by finish") {
    CHECK_THROWS_AS(sim.finish(endless, duration::max()), error);
  }
}

TEST_CASE("A retry that asks for more than the longest wait is none",
          "[long_spans]") {
  simulation sim;
  busy_once node;
  node.asks_for = any_long_span();
  CHECK_FALSE(sim.finish(sim.start(one_node(node, tries(2)))).ok());
  CHECK(node.tried->size() == 1);
}

TEST_CASE("An actor may take as long as it likes", "[long_spans]") {
  const duration span = any_long_span();
  simulation sim;
  const peer silent{sim};
  CHECK(goes_on(sim, sim.start(one_node(asks_slowly{span, silent.handle()}))));
}

TEST_CASE("A long back-off stops a line for the longest pause",
          "[long_spans]") {
  const duration span = any_long_span();
  simulation sim;
  const troupe::rate_limit limit{sim.system(), {.requests = {.amount = 1000}}};
  struct passes {
    troupe::rate_limit through;
    task<> exec() const {
      const troupe::rate_pass pass = co_await through.acquire();
    }
  };
  CHECK(sim.finish(sim.start(one_node(passes{limit}))).ok());
  limit.back_off(span);
  sim.run_ready();
  const auto run = sim.start(one_node(passes{limit}));
  sim.advance(23h);
  CHECK_FALSE(run.done());
  CHECK(sim.finish(run).ok());
}

TEST_CASE("A rate of so many for ever lets no more than those pass",
          "[long_spans]") {
  const duration span = any_long_span();
  struct passes {
    troupe::rate_limit through;
    task<> exec() const {
      const troupe::rate_pass pass = co_await through.acquire();
    }
  };
  simulation sim;
  const troupe::rate_limit limit{
      sim.system(),
      {.requests = {.amount = 1, .per = span, .burst = 2}, .share = 1}};
  CHECK(sim.finish(sim.start(one_node(passes{limit}))).ok());
  CHECK(sim.finish(sim.start(one_node(passes{limit}))).ok());
  const auto third = sim.start(one_node(passes{limit}));
  sim.advance(hundred_years - 24h);
  CHECK_FALSE(third.done());
}

TEST_CASE("A result is kept for as long as is asked", "[long_spans]") {
  const duration span = any_long_span();
  troupe::result_store store{{.ttl = span}};
  const troupe::time_point now{1h};
  store.put("key", 1, now);
  CHECK(store.find("key", now + hundred_years).has_value());
}

TEST_CASE("No span at all is no wait, and a limit that has passed",
          "[long_spans]") {
  const duration span = no_span();
  simulation sim;
  const auto began = sim.now();
  SECTION("sleep_for") {
    CHECK(sim.finish(sim.start(one_node(sleeps{span}))).ok());
  }
  SECTION("within") {
    const auto ended = sim.finish(sim.start(one_node(limits_itself{span})));
    CHECK(ended.failure.value().code() == errc::timed_out);
  }
  SECTION("ask") {
    const peer silent{sim};
    // The time is over at once.
    const auto ended =
        sim.finish(sim.start(one_node(asks_slowly{span, silent.handle()})));
    CHECK(ended.failure.value().code() == errc::timed_out);
  }
  SECTION("retry_after") {
    busy_once node;
    node.asks_for = span;
    CHECK(sim.finish(sim.start(one_node(node, tries(2)))).ok());
  }
  CHECK(sim.now() - began <= 1ms);
}

TEST_CASE("Options that would forbid everything are refused", "[long_spans]") {
  const duration span = no_span();
  CHECK_FALSE(mistakes_in(troupe::node_options{.timeout = span}).empty());
  CHECK_FALSE(mistakes_in(troupe::result_store_options{.ttl = span}).empty());
  CHECK_FALSE(mistakes_in(troupe::rate{.amount = 1, .per = span}).empty());
  CHECK((span == duration::zero() ||
         !mistakes_in(troupe::retry_options{.wait = span}).empty()));
  simulation sim;
  const auto work = one_node(sleeps{});
  CHECK_THROWS(sim.start(work, {}, {.deadline = span}));
  CHECK_THROWS(simulation{{.watchdog = span}});
}

// -- the real system ----------------------------------------------------------

TEST_CASE("Threads wait for as long as it takes", "[long_spans]") {
  const duration span = any_long_span();
  struct short_sleep {
    task<> exec() const { co_await troupe::sleep_for(5ms); }
  };
  troupe::system sys{{.threads = 1, .watchdog = span}};
  const auto brief = sys.start(one_node(short_sleep{}, {.timeout = span}), {},
                               {.deadline = span});
  const auto ended = brief.wait_for(span);
  REQUIRE(ended);
  CHECK(ended->ok());

  const auto endless = sys.start(one_node(sleeps{span}));
  CHECK_FALSE(endless.wait_for(20ms));
  CHECK_FALSE(endless.wait_for(duration::zero()));
  CHECK_FALSE(endless.wait_for(duration::min()));
  endless.cancel();
  CHECK(endless.wait_for(span).value().failure->code() == errc::cancelled);
}
