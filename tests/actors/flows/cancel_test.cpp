// Cancellation and deadlines: they reach everything that a run has under way.

#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/blocking.hpp>
#include <troupe/each.hpp>
#include <troupe/gather.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

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

/// Waits for a day, deep in coroutines, and owns something meanwhile.
struct sleeper {
  troupe::task<> deep(int depth) const {
    counted local;
    if (depth > 0) {
      auto next = deep(depth - 1);
      co_await next;
    } else {
      co_await troupe::sleep_for(24h);
    }
  }
  troupe::task<> exec() const {
    std::vector<troupe::task<>> both;
    both.push_back(deep(2));
    both.push_back(deep(0));
    co_await troupe::gather(std::move(both));
  }
  void post(state& shared) const { shared.set("woke", true); }
};

enum class place {
  exec,
  prep,
  post,
  each,
  retry_wait,
  permit,
  blocking_queue,
  other_run,
  batch,
  nested_batch,
};

struct sleeps_in_prep {
  troupe::task<int> prep() const {
    counted local;
    co_await troupe::sleep_for(24h);
    co_return 1;
  }
  void post(state& shared, int) const { shared.set("woke", true); }
};
struct sleeps_in_post {
  troupe::task<troupe::action> post(state& shared) const {
    counted local;
    shared.set("woke", true);
    co_await troupe::sleep_for(24h);
    co_return "default";
  }
};
struct sleeps_per_item {
  std::vector<int> prep() const { return {1, 2, 3}; }
  troupe::task<int> exec(int item) const {
    counted local;
    co_await troupe::sleep_for(24h);
    co_return item;
  }
};
struct fails {
  counted held;
  int exec() const { throw std::runtime_error("busy"); }
};
struct blocks {
  std::shared_ptr<int> begun;
  int exec() const { return ++*begun; }
};
struct awaits_run {
  troupe::system* sys;
  troupe::task<> exec() const {
    auto inner = sys->start(one_node(sleeper{}));
    co_await inner;
  }
};

troupe::flow flow_that_waits(place where, simulation& sim,
                             const std::shared_ptr<int>& begun) {
  switch (where) {
    case place::exec:
      return one_node(sleeper{});
    case place::prep:
      return one_node(sleeps_in_prep{});
    case place::post:
      return one_node(sleeps_in_post{});
    case place::each:
      return one_node(troupe::each(sleeps_per_item{}, {.concurrency = 2}));
    case place::retry_wait:
      return one_node(fails{}, {.retry = {.attempts = 2, .wait = 24h}});
    case place::permit:
      return troupe::batch("all", one_node(sleeper{}, {.concurrency = 1U}),
                           numbered(3), {.concurrency = 3});
    case place::blocking_queue:
      return one_node(blocks{begun}, {.threads = troupe::blocking});
    case place::other_run:
      return one_node(awaits_run{&sim.system()});
    case place::batch:
      return troupe::batch("all", one_node(sleeper{}), numbered(50),
                           {.concurrency = 8,
                            .on_failure = troupe::collect,
                            .post = [](state& shared, const auto&, auto&) {
                              shared.set("woke", true);
                              return troupe::action{};
                            }});
    case place::nested_batch:
      return troupe::batch("outer",
                           troupe::batch("inner", one_node(sleeper{}),
                                         numbered(3), {.concurrency = 3}),
                           numbered(3), {.concurrency = 3});
  }
  return one_node(sleeper{});
}

/// Brings everything to its wait, but runs no blocking call.
void settle(simulation& sim, place where) {
  if (where != place::blocking_queue) {
    sim.run_ready();
    return;
  }
  REQUIRE(sim.run_one());
}

}  // namespace

TEST_CASE("Cancelling reaches whatever a run waits for", "[cancel]") {
  const auto where = static_cast<place>(
      GENERATE(range(0, static_cast<int>(place::nested_batch) + 1)));
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const bool by_deadline = GENERATE(false, true);
  CAPTURE(static_cast<int>(where), static_cast<int>(how), by_deadline);
  const auto begun = std::make_shared<int>(0);
  {
    simulation sim{{.turns = how}};
    troupe::run_options options;
    if (by_deadline) options.deadline = 1h;
    const auto run = sim.start(flow_that_waits(where, sim, begun), {}, options);
    if (by_deadline && where == place::blocking_queue) return;
    const auto began = sim.now();
    settle(sim, where);
    REQUIRE_FALSE(run.done());

    if (!by_deadline) run.cancel("enough");
    const auto result = sim.finish(run);
    REQUIRE_FALSE(result.ok());
    CHECK(result.failure->code() == errc::cancelled);
    CHECK(result.failure->message() ==
          (by_deadline ? "the deadline of the run has passed" : "enough"));
    CHECK(sim.now() - began == (by_deadline ? 1h : 0h));
    CHECK(result.state.empty());
    CHECK(*begun == 0);

    sim.run_ready();
    CHECK(sim.live_actors() == 0);
    run.cancel("too late");
    CHECK_FALSE(sim.run_one());
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("A run can be cancelled before it begins", "[cancel]") {
  simulation sim;
  const auto run = sim.start(one_node(sleeper{}));
  run.cancel();
  const auto result = sim.finish(run);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::cancelled);
  CHECK(counted::alive() == 0);
}

TEST_CASE("Cancelling a run that has ended changes nothing", "[cancel]") {
  simulation sim;
  const auto run =
      sim.start(one_node([](state& shared) { shared.set("a", 1); }));
  sim.finish(run);
  run.cancel();
  sim.run_ready();
  CHECK(run.get().ok());
}

TEST_CASE("A run that ends in time does not feel its deadline", "[cancel]") {
  simulation sim;
  const auto run =
      sim.start(one_node([](state& shared) { shared.set("a", 1); }), {},
                {.deadline = 1s});
  CHECK(sim.finish(run).ok());
  const auto began = sim.now();
  sim.advance(2s);
  CHECK(run.get().ok());
  CHECK(sim.now() - began == 2s);
}

TEST_CASE("All that runs in a cancelled batch stops before any of it reports",
          "[cancel]") {
  struct tells_its_end {
    troupe::context& ctx;
    ~tells_its_end() { ctx.emit("stopped"); }
  };
  struct waits {
    troupe::task<> exec(troupe::context& ctx) const {
      const tells_its_end last{ctx};
      co_await troupe::sleep_for(24h);
    }
  };
  simulation sim;
  const auto run = sim.start(troupe::batch("all", one_node(waits{}),
                                           numbered(20), {.concurrency = 20}),
                             {}, {.events = troupe::event_detail::steps});
  sim.run_ready();
  run.cancel();
  sim.finish(run);
  std::vector<troupe::event_kind> ends;
  for (const auto& each : events_of(run)) {
    const bool is_end = each.kind == troupe::event_kind::custom ||
                        each.kind == troupe::event_kind::finished;
    if (is_end && each.run != run.id()) ends.push_back(each.kind);
  }
  REQUIRE(ends.size() == 40);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(ends[i] == troupe::event_kind::custom);
    CHECK(ends[20 + i] == troupe::event_kind::finished);
  }
}

TEST_CASE("A call sees that its run was cancelled", "[cancel]") {
  // A blocking call runs beside its supervisor, which sets the token.
  troupe::system sys{{.threads = 1}};
  struct waits_for_stop {
    std::shared_ptr<std::promise<void>> began;
    troupe::task<> exec(troupe::context& ctx) const {
      const auto token = ctx.stop_token();
      auto wait = [token, start = began] {
        start->set_value();
        while (!token.stop_requested()) std::this_thread::yield();
      };
      co_await troupe::blocking(wait);
    }
  };
  const auto began = std::make_shared<std::promise<void>>();
  const auto run = sys.start(one_node(waits_for_stop{began}));
  began->get_future().wait();
  CHECK_FALSE(run.done());
  run.cancel();
  CHECK(run.get().failure.value().code() == errc::cancelled);
  // The system's end waits for the call, so a lost token would hang here.
}

TEST_CASE("Cancelling on real threads leaves nothing behind", "[cancel]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  {
    troupe::system sys{{.threads = width, .turns = how}};
    const auto work = troupe::batch("all", one_node(sleeper{}), numbered(200),
                                    {.concurrency = 50});
    std::vector<troupe::run> runs;
    for (int i = 0; i < 8; ++i) runs.push_back(sys.start(work));
    for (const auto& each : runs) each.cancel();
    for (const auto& each : runs) {
      CHECK(each.get().failure.value().code() == errc::cancelled);
    }
  }
  CHECK(counted::alive() == 0);
}
