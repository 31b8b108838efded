// A blocking call waits for a thread and then runs: which of its limits counts
// when, and where its fallback runs.

#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/has.hpp"

#include <troupe/blocking.hpp>
#include <troupe/each.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::testing::simulation;

namespace {

/// Holds the only thread of a pool until told.
struct gate {
  std::shared_ptr<std::promise<void>> opened =
      std::make_shared<std::promise<void>>();
  std::shared_future<void> open = opened->get_future().share();
  void exec() const { open.wait(); }
};

/// Counts its calls, of which a number takes longer than any limit.
struct slow_calls {
  std::shared_ptr<std::atomic<int>> now = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<int>> most =
      std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::promise<void>> returned =
      std::make_shared<std::promise<void>>();
  std::shared_future<void> may_return = returned->get_future().share();
  int work() const {
    const int running = ++*now;
    for (int seen = *most; seen < running;) {
      most->compare_exchange_weak(seen, running);
    }
    may_return.wait();
    --*now;
    return running;
  }
};

struct slow_node : slow_calls {
  int exec() const { return work(); }
};

/// Makes its call by `co_await`, in a coroutine that is given up.
struct slow_coroutine : slow_calls {
  troupe::task<int> exec() const {
    auto call = [self = static_cast<const slow_calls&>(*this)] {
      return self.work();
    };
    co_return co_await troupe::blocking(call);
  }
};

template <class Node>
void expect_one_call_at_once(const Node& node, troupe::node_options options,
                             bool is_cancelled) {
  troupe::system sys{{.threads = 1}};
  const auto body = one_node(node, options);
  auto first = sys.start(body);
  while (*node.now == 0) {
    // On a busy machine its limit may pass before the call begins.
    if (first.done()) first = sys.start(body);
    std::this_thread::yield();
  }
  if (is_cancelled) first.cancel();
  CHECK_FALSE(first.get().ok());
  // The first is over, but its call is not, so this one does not begin.
  const auto second = sys.start(body, {}, {.deadline = 20ms});
  CHECK(second.get().failure.value().code() == errc::cancelled);
  node.returned->set_value();
  CHECK(sys.start(body).get().ok());
  CHECK(*node.most == 1);
}

}  // namespace

TEST_CASE("The time limit of a blocking call begins with the call",
          "[blocking]") {
  struct counts {
    std::shared_ptr<int> calls;
    int exec() const { return ++*calls; }
  };
  const gate held;
  troupe::system sys{{.threads = 1, .blocking_threads_max = 1}};
  const auto first = sys.start(one_node(held, {.threads = troupe::blocking}));
  while (sys.core().blocking().running() == 0) std::this_thread::yield();
  const counts node{std::make_shared<int>(0)};
  const auto second = sys.start(one_node(
      node,
      {.retry = {.attempts = 2}, .timeout = 5ms, .threads = troupe::blocking}));
  // Longer than the limit is, many times.
  CHECK_FALSE(second.wait_for(60ms));
  held.opened->set_value();
  CHECK(second.get().ok());
  CHECK(*node.calls == 1);
  CHECK(first.get().ok());
}

TEST_CASE("In a batch node the limit of each item begins with its call",
          "[blocking]") {
  struct items {
    std::vector<int> prep() const { return {1, 2, 3}; }
    int exec(int item) const { return item; }
    void post(state& shared, const std::vector<int>&,
              std::vector<int> results) const {
      shared.set("results", results);
    }
  };
  const gate held;
  troupe::system sys{{.threads = 1, .blocking_threads_max = 1}};
  const auto first = sys.start(one_node(held, {.threads = troupe::blocking}));
  while (sys.core().blocking().running() == 0) std::this_thread::yield();
  const auto second =
      sys.start(one_node(troupe::each(items{}, {.concurrency = 3}),
                         {.timeout = 5ms, .threads = troupe::blocking}));
  CHECK_FALSE(second.wait_for(30ms));
  held.opened->set_value();
  CHECK(second.get().state.at("results").size() == 3);
}

TEST_CASE("A call that takes longer than its limit fails in time",
          "[blocking]") {
  const gate held;
  troupe::system sys{{.threads = 1}};
  const auto failed =
      sys.start(one_node(held, {.timeout = 5ms, .threads = troupe::blocking}))
          .get();
  held.opened->set_value();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.failure->code() == errc::timed_out);
  CHECK(failed.failure->message() == "took longer than its time limit");
}

TEST_CASE("A permit lives as long as the blocking call", "[blocking]") {
  const bool is_cancelled = GENERATE(false, true);
  troupe::node_options options;
  options.concurrency = 1;
  if (!is_cancelled) options.timeout = 5ms;
  SECTION("of a coroutine") {
    expect_one_call_at_once(slow_coroutine{}, options, is_cancelled);
  }
  SECTION("of a blocking node") {
    options.threads = troupe::blocking;
    expect_one_call_at_once(slow_node{}, options, is_cancelled);
  }
}

TEST_CASE("A permit in a list lives as long as the blocking call",
          "[blocking]") {
  struct keeps_in_list : slow_calls {
    troupe::semaphore seats;
    troupe::task<int> exec() const {
      auto asking = seats.acquire();
      std::vector<troupe::permit> kept;
      kept.push_back(co_await asking);
      auto call = [self = static_cast<const slow_calls&>(*this)] {
        return self.work();
      };
      co_return co_await troupe::blocking(call);
    }
  };
  troupe::system sys{{.threads = 1}};
  const keeps_in_list node{{}, troupe::semaphore{sys, 1}};
  const auto first = sys.start(one_node(node));
  while (*node.now == 0) std::this_thread::yield();
  first.cancel();
  CHECK_FALSE(first.get().ok());
  const auto second = sys.start(one_node(node), {}, {.deadline = 20ms});
  CHECK(second.get().failure.value().code() == errc::cancelled);
  node.returned->set_value();
  CHECK(sys.start(one_node(node)).get().ok());
  CHECK(*node.most == 1);
}

TEST_CASE("The fallback of a blocking node runs on the pool", "[blocking]") {
  struct falls_back {
    std::shared_ptr<std::vector<std::thread::id>> seen;
    int prep() const {
      seen->push_back(std::this_thread::get_id());
      return 1;
    }
    int exec(int) const { throw std::runtime_error("no"); }
    int fallback(int in, const troupe::error& why,
                 const troupe::context& ctx) const {
      seen->push_back(std::this_thread::get_id());
      CHECK(why.message() == "no");
      CHECK(ctx.attempt() == 0);
      return in + 1;
    }
    void post(state& shared, int, int given) const { shared.set("n", given); }
  };
  struct falls_back_each {
    falls_back one;
    std::vector<int> prep() const { return {one.prep()}; }
    int exec(int item) const { return one.exec(item); }
    int fallback(int item, const troupe::error& why,
                 const troupe::context& ctx) const {
      CHECK(ctx.item() == 0);
      return one.fallback(item, why, ctx);
    }
    void post(state& shared, const std::vector<int>&,
              std::vector<int> given) const {
      shared.set("n", given.at(0));
    }
  };
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const falls_back node{std::make_shared<std::vector<std::thread::id>>()};
  const troupe::node_options options{.threads = troupe::blocking};
  troupe::system sys{{.threads = 1, .turns = how}};
  SECTION("of a node") {
    CHECK(sys.start(one_node(node, options)).get().state.at("n") == 2);
  }
  SECTION("of the items of a batch node") {
    const auto flow = one_node(troupe::each(falls_back_each{node}), options);
    CHECK(sys.start(flow).get().state.at("n") == 2);
  }
  REQUIRE(node.seen->size() == 2);
  CHECK((*node.seen)[0] != (*node.seen)[1]);
}

TEST_CASE("A fallback that throws on the pool fails the step", "[blocking]") {
  struct fails_twice {
    void exec() const { throw std::runtime_error("first"); }
    void fallback(const troupe::error&) const {
      throw std::runtime_error("second");
    }
  };
  simulation sim;
  const auto failed = sim.finish(
      sim.start(one_node(fails_twice{}, {.threads = troupe::blocking})));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.failure->message() == "second");
}

TEST_CASE("A fallback that is a coroutine keeps the error it is given",
          "[blocking]") {
  struct falls_back_late {
    int exec() const { throw std::runtime_error("the reason"); }
    troupe::task<int> fallback(const troupe::error& why) const {
      co_await troupe::sleep_for(1ms);
      co_return why.message() == "the reason" ? 7 : 0;
    }
    void post(state& shared, int given) const { shared.set("n", given); }
  };
  simulation sim;
  CHECK(sim.finish(sim.start(one_node(falls_back_late{}))).state.at("n") == 7);
}

TEST_CASE("A coroutine whose limit passes in the queue of the pool says so",
          "[blocking]") {
  struct waits {
    troupe::task<> exec() const {
      auto work = [] {};
      co_await troupe::blocking(work);
    }
  };
  const gate held;
  troupe::system sys{{.threads = 1, .blocking_threads_max = 1}};
  const auto first = sys.start(one_node(held, {.threads = troupe::blocking}));
  while (sys.core().blocking().running() == 0) std::this_thread::yield();
  const auto failed = sys.start(one_node(waits{}, {.timeout = 10ms})).get();
  held.opened->set_value();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.failure->code() == errc::timed_out);
  CHECK(has(failed.failure->message(),
            " ms in the queue of the blocking pool and never began"));
  CHECK(first.get().ok());
}
