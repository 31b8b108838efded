#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::testing::simulation;

namespace {

struct blocking_node {
  std::shared_ptr<std::vector<std::string>> log;

  std::string prep(const state& shared) const {
    return shared.get_or<std::string>("in", "nothing");
  }
  std::string exec(const std::string& in, troupe::context& ctx) const {
    log->push_back("exec " + std::to_string(ctx.attempt()));
    if (ctx.attempt() == 0) throw std::runtime_error("busy");
    ctx.emit(in);
    return in + "!";
  }
  void post(state& shared, const std::string&, std::string out) const {
    log->push_back("post");
    shared.set("out", out);
  }
};

}  // namespace

TEST_CASE("A blocking node runs on the pool and is tried again", "[blocking]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const blocking_node node{std::make_shared<std::vector<std::string>>()};
  const auto run = sim.start(
      one_node(node, {.retry = {.attempts = 2}, .threads = troupe::blocking}),
      {{"in", "text"}});
  const auto result = sim.finish(run);
  REQUIRE(result.ok());
  CHECK(result.state.at("out") == "text!");
  CHECK(*node.log == std::vector<std::string>{"exec 0", "exec 1", "post"});
  const auto events = events_of(run);
  REQUIRE(count_of(events, troupe::event_kind::custom) == 1);
  CHECK(events[1].node == "only");
  CHECK(events[1].attempt == 1);
  CHECK(events[1].data == "text");
}

TEST_CASE("A blocking call leaves the threads of the actors alone",
          "[blocking]") {
  struct asks_for_threads {
    std::shared_ptr<std::vector<std::thread::id>> seen;
    int prep() const {
      seen->push_back(std::this_thread::get_id());
      return 0;
    }
    int exec(int) const {
      seen->push_back(std::this_thread::get_id());
      return 0;
    }
  };
  const asks_for_threads node{std::make_shared<std::vector<std::thread::id>>()};
  troupe::system sys{{.threads = 1}};
  CHECK(sys.start(one_node(node, {.threads = troupe::blocking})).get().ok());
  REQUIRE(node.seen->size() == 2);
  CHECK((*node.seen)[0] != (*node.seen)[1]);
}

TEST_CASE("A result that comes too late is dropped", "[blocking]") {
  // The call of the first attempt returns only after the run has ended. On a
  // busy machine later ones may be late as well.
  struct first_is_late {
    std::shared_ptr<std::promise<void>> go_on;
    int exec(troupe::context& ctx) const {
      if (ctx.attempt() == 0) go_on->get_future().wait();
      return static_cast<int>(ctx.attempt());
    }
    void post(state& shared, int attempt) const {
      shared.append("attempts", attempt);
    }
  };
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  troupe::system sys{{.threads = 1, .turns = how}};
  const first_is_late node{std::make_shared<std::promise<void>>()};
  const auto run = sys.start(one_node(node, {.retry = {.attempts = 10'000},
                                             .timeout = 5ms,
                                             .threads = troupe::blocking}));
  const auto result = run.get();
  node.go_on->set_value();
  REQUIRE(result.ok());
  const troupe::value& counted = result.state.at("attempts");
  REQUIRE(counted.size() == 1);
  CHECK(counted.at(0).get<int>() >= 1);
}

TEST_CASE("A call that waits for a thread is dropped with its step",
          "[blocking]") {
  simulation sim;
  struct counts {
    std::shared_ptr<int> calls;
    int exec() const { return ++*calls; }
  };
  const counts node{std::make_shared<int>(0)};
  const auto run = sim.start(one_node(node, {.threads = troupe::blocking}));
  REQUIRE(sim.run_one());
  run.cancel();
  CHECK(sim.finish(run).failure.value().code() == errc::cancelled);
  sim.run_ready();
  CHECK(*node.calls == 0);
}

TEST_CASE("A coroutine awaits a blocking call", "[blocking]") {
  struct reads {
    troupe::task<int> exec() const {
      int base = 40;
      auto work = [base] { return base + 2; };
      co_return co_await troupe::blocking(work);
    }
    void post(state& shared, int n) const { shared.set("n", n); }
  };
  struct fails {
    troupe::task<int> exec() const {
      auto work = []() -> int { throw std::runtime_error("no disk"); };
      co_return co_await troupe::blocking(work);
    }
  };
  struct gives_nothing {
    troupe::task<> exec() const {
      auto work = [] {};
      co_await troupe::blocking(work);
    }
  };
  simulation sim;
  CHECK(sim.finish(sim.start(one_node(reads{}))).state.get<int>("n") == 42);
  CHECK(sim.finish(sim.start(one_node(fails{}))).failure.value().message() ==
        "no disk");
  CHECK(sim.finish(sim.start(one_node(gives_nothing{}))).ok());
}

TEST_CASE("A pool without room is waited for, and costs no attempt",
          "[blocking]") {
  struct blocks {
    std::shared_ptr<int> calls;
    int exec() const { return ++*calls; }
  };
  simulation sim{{.blocking_queue_max = 2}};
  const blocks node{std::make_shared<int>(0)};
  const auto body = one_node(node, {.threads = troupe::blocking});
  const auto all =
      troupe::batch("all", body, numbered(20), {.concurrency = 20});
  CHECK(sim.finish(sim.start(all)).ok());
  CHECK(*node.calls == 20);
}

TEST_CASE("Calls that are given up leave the queue of the pool", "[blocking]") {
  struct never_runs {
    void exec() const { FAIL("it was given up"); }
  };
  simulation sim;
  const auto body = one_node(never_runs{}, {.threads = troupe::blocking});
  const auto run = sim.start(
      troupe::batch("all", body, numbered(100), {.concurrency = 100}));
  auto& pool = sim.system().core().blocking();
  auto& queue = *sim.system().core().queue();
  while (pool.waiting() < 100) REQUIRE(queue.run_one());
  run.cancel();
  while (!run.done()) REQUIRE(queue.run_one());
  CHECK(pool.waiting() < 2);
}

TEST_CASE("A blocking call that began does not blame the pool", "[blocking]") {
  std::promise<void> end;
  auto wait = [until = end.get_future().share()] { until.wait(); };
  struct calls {
    decltype(wait) work;
    troupe::task<> exec() const {
      auto named = work;
      co_await troupe::blocking(named);
    }
  };
  troupe::system sys{{.threads = 1}};
  // Long enough for a thread to begin the call, also on a busy machine.
  const auto failed =
      sys.start(one_node(calls{wait}, {.timeout = 500ms})).get();
  end.set_value();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.failure->message() == "took longer than its time limit");
}
