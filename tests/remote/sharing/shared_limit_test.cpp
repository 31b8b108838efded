#include "remote/members/cluster_room.hpp"
#include "remote/members/idle_worker.hpp"
#include "remote/sharing/counter.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/remote/shared_limit.hpp>
#include <troupe/remote/shared_semaphore.hpp>
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
using troupe::errc;
using troupe::error;
using troupe::rate_limit_options;
using troupe::task;
using troupe::remote::shared_limit;
using troupe::remote::shared_pass;
using troupe::remote::shared_semaphore;

namespace {

/// So many at once, and no other for longer than a test takes.
rate_limit_options only(double passes) {
  rate_limit_options options;
  options.requests = {.amount = 1, .per = 1h, .burst = passes};
  options.share = 1;
  return options;
}

struct passes {
  shared_limit limit;
  counter begun = new_counter();
  counter passed = new_counter();

  task<> exec() const {
    ++*begun;
    const auto pass = co_await limit.acquire();
    ++*passed;
  }
};

/// Holds a permit until it is cancelled.
struct holds {
  shared_semaphore seats;
  counter begun = new_counter();
  counter seated = new_counter();

  task<> exec() const {
    ++*begun;
    const auto seat = co_await seats.acquire();
    ++*seated;
    co_await troupe::sleep_for(1h);
  }
};

/// Takes all permits and gives them back.
struct visits {
  shared_semaphore seats;
  std::uint32_t permits = 1;

  task<> exec() const { const auto all = co_await seats.acquire(permits); }
};

/// Keeps what it got for a minute, and not what gave it.
template <class T>
struct keeps {
  std::function<T()> make;

  task<> exec() const {
    std::optional<T> from{make()};
    const auto got = co_await from->acquire();
    from.reset();
    co_await troupe::sleep_for(1min);
  }
};

template <class N>
troupe::flow batch_of(N node, int items, std::string on = {}) {
  troupe::fan_out_options options;
  options.concurrency = 16;
  options.on = std::move(on);
  return troupe::batch("all", one_node(std::move(node)), numbered(items),
                       options);
}

/// Returns whether `limit` lets nobody through any more.
bool is_used_up(cluster_room& room, const shared_limit& limit) {
  struct tries {
    shared_limit limit;
    task<> exec() const { const auto pass = co_await limit.acquire(1); }
  };
  troupe::node_options options;
  options.timeout = 100ms;
  const auto ended =
      room.finish(room.system().start(one_node(tries{limit}, options)));
  return !ended.ok() && ended.failure->code() == errc::timed_out;
}

}  // namespace

TEST_CASE("Three workers together get no more passes than the limit has",
          "[remote][shared]") {
  cluster_room room;
  const shared_limit limit{room.system(), "model", only(5)};
  const auto begun = new_counter();
  const auto passed = new_counter();
  std::vector<std::unique_ptr<worker_room>> workers;
  std::vector<troupe::run> runs;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(join_idle(room));
    auto& own = workers.back()->system();
    const passes node{{own, "model", only(5)}, begun, passed};
    runs.push_back(own.start(batch_of(node, 4)));
  }
  REQUIRE(soon([&] { return *begun == 12 && *passed == 5; }));
  CHECK(is_used_up(room, limit));
  CHECK(*passed == 5);
  for (const auto& each : runs) each.cancel();
  for (const auto& each : runs) static_cast<void>(room.finish(each));
  CHECK(*passed == 5);
}

TEST_CASE("Nodes of placed sub-flows pass the supervisor's limit",
          "[remote][shared]") {
  const auto flow_in = [](troupe::system& where) {
    troupe::node_options options;
    options.limits = {shared_limit{where, "model", only(6)},
                      shared_semaphore{where, "seats", 2}};
    troupe::fan_out_options placed;
    placed.concurrency = 6;
    placed.on = "gpu";
    return troupe::batch("all", one_node(idle_node{}, options), numbered(6),
                         placed);
  };
  cluster_room room;
  const shared_limit limit{room.system(), "model", only(6)};
  const auto flow = flow_in(room.system());
  const auto make = [&](troupe::system& where) {
    return std::vector<troupe::flow>{flow_in(where)};
  };
  const auto one = room.join({}, make);
  const auto two = room.join({}, make);
  CHECK(room.finish(room.system().start(flow)).ok());
  CHECK(is_used_up(room, limit));
}

TEST_CASE("Who stops waiting in a worker leaves nothing behind",
          "[remote][shared]") {
  cluster_room room;
  const auto worker = join_idle(room);
  const shared_semaphore here{room.system(), "seats", 3};
  const shared_semaphore there{worker->system(), "seats", 3};
  for (int i = 0; i < 50; ++i) {
    // Cancelled while it asks, while it is answered, or when it has a permit.
    const holds node{there};
    const auto run = worker->system().start(batch_of(node, 5));
    const int seats = i % 2 == 1 ? i % 4 : 0;
    // It ends by itself if the supervisor is lost meanwhile.
    REQUIRE(soon([&] {
      return run.done() || (*node.begun >= i % 5 && *node.seated >= seats);
    }));
    run.cancel();
    REQUIRE_FALSE(room.finish(run).ok());
  }
  CHECK(room.finish(room.system().start(one_node(visits{here, 3}))).ok());
}

TEST_CASE("A pass that nobody in a worker takes any more goes back",
          "[remote][shared]") {
  cluster_room room;
  const auto worker = join_idle(room);
  for (int i = 0; i < 30; ++i) {
    const auto name = "model " + std::to_string(i);
    const shared_limit here{room.system(), name, only(1)};
    const passes first{{worker->system(), name, only(1)}};
    const auto run = worker->system().start(one_node(first));
    REQUIRE(soon([&] { return *first.begun == 1; }));
    for (int turns = 0; turns < i * 20; ++turns) std::this_thread::yield();
    run.cancel();
    static_cast<void>(room.finish(run));
    if (*first.passed == 1) continue;
    CHECK(room.finish(room.system().start(one_node(passes{here}))).ok());
  }
}

TEST_CASE("Permits of a worker that is lost go to others", "[remote][shared]") {
  cluster_room room;
  auto lost = join_idle(room);
  const auto other = join_idle(room);
  const shared_semaphore here{room.system(), "seats", 1};
  const holds holder{{lost->system(), "seats", 1}};
  const auto held = lost->system().start(one_node(holder));
  REQUIRE(soon([&] { return *holder.seated == 1; }));
  const auto waits =
      other->system().start(one_node(visits{{other->system(), "seats", 1}}));
  lost->end();
  CHECK(room.finish(waits).ok());
  held.cancel();
}

TEST_CASE("Who waits in a worker that is lost leaves the line",
          "[remote][shared]") {
  cluster_room room;
  auto lost = join_idle(room);
  const shared_semaphore here{room.system(), "seats", 1};
  const holds first{here};
  const auto held = room.system().start(one_node(first));
  REQUIRE(soon([&] { return *first.seated == 1; }));
  const holds gone{{lost->system(), "seats", 1}};
  const auto waits = lost->system().start(one_node(gone));
  REQUIRE(soon([&] { return *gone.begun == 1; }));
  // Requests made before this one have arrived when it has.
  const shared_semaphore later{room.system(), "later", 1};
  const visits last{{lost->system(), "later", 1}};
  REQUIRE(room.finish(lost->system().start(one_node(last))).ok());
  lost->end();
  const auto ended = room.finish(waits);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::request_failed);
  REQUIRE(soon([&] { return room.listener().workers() == 0; }));
  held.cancel();
  CHECK(room.finish(room.system().start(one_node(visits{here}))).ok());
}

TEST_CASE("Callers fail when their supervisor is lost, and go on with the next",
          "[remote][shared]") {
  auto room = std::make_unique<cluster_room>();
  const auto worker = join_idle(*room);
  const auto at = room->listener().at();
  std::optional<shared_semaphore> here{std::in_place, room->system(), "seats",
                                       1U};
  const shared_semaphore there{worker->system(), "seats", 1};
  const holds first{there};
  const auto held = worker->system().start(one_node(first));
  REQUIRE(soon([&] { return *first.seated == 1; }));
  const auto waits = worker->system().start(one_node(visits{there}));
  here.reset();
  room.reset();
  const auto lost = waits.wait_for(cluster_room::patience);
  REQUIRE(lost);
  CHECK(lost->failure.value().code() == errc::request_failed);
  CHECK(has(lost->failure->message(), "supervisor"));

  troupe::remote::listener_options options;
  options.at = at;
  cluster_room again{options};
  const shared_semaphore anew{again.system(), "seats", 1};
  REQUIRE(again.listener().wait_for_workers(1, cluster_room::patience));
  const auto run = worker->system().start(one_node(visits{there}));
  CHECK(again.finish(run).ok());
  held.cancel();
}

TEST_CASE("A supervisor without the limit says so", "[remote][shared]") {
  cluster_room room;
  const auto worker = join_idle(room);
  const passes node{{worker->system(), "model", only(1)}};
  const auto ended = room.finish(worker->system().start(one_node(node)));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::request_failed);
  CHECK(has(ended.failure->message(), "no rate limit 'model'"));
}

TEST_CASE("A worker that is told to slow down slows down all",
          "[remote][shared]") {
  struct is_refused {
    void exec() const {
      throw error{errc::rate_limited, "slow down"}.retry_after(1h);
    }
  };
  cluster_room room;
  const auto worker = join_idle(room);
  rate_limit_options fast;
  fast.requests = {.amount = 1e6, .per = 1s};
  const shared_limit here{room.system(), "model", fast};
  REQUIRE(room.finish(room.system().start(one_node(passes{here}))).ok());
  troupe::node_options options;
  options.limits = {shared_limit{worker->system(), "model", fast}};
  const auto run = worker->system().start(one_node(is_refused{}, options));
  CHECK_FALSE(room.finish(run).ok());
  CHECK(soon([&] { return is_used_up(room, here); }));
}

TEST_CASE("What a pass was used for is counted at the supervisor",
          "[remote][shared]") {
  struct takes_more {
    shared_limit limit;
    task<> exec() const {
      auto pass = co_await limit.acquire(1);
      pass.used(3e9);
    }
  };
  cluster_room room;
  const auto worker = join_idle(room);
  rate_limit_options options;
  options.requests = {.amount = 1e6, .per = 1s};
  options.tokens = {.amount = 1e9, .per = 1h, .burst = 1e9};
  const shared_limit here{room.system(), "model", options};
  const takes_more node{{worker->system(), "model", options}};
  CHECK(room.finish(worker->system().start(one_node(node))).ok());
  CHECK(soon([&] { return is_used_up(room, here); }));
}

TEST_CASE("What the supervisor's semaphore refuses is refused in a worker",
          "[remote][shared]") {
  cluster_room room;
  const auto worker = join_idle(room);
  const shared_semaphore here{room.system(), "seats", 1};
  const visits many{{worker->system(), "seats", 5}, 5};
  const auto ended = room.finish(worker->system().start(one_node(many)));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::bad_flow);
}

TEST_CASE("Without a cluster a shared limit is one of its process",
          "[shared]") {
  troupe::testing::simulation sim;
  rate_limit_options options;
  options.requests = {.amount = 10, .per = 1s};
  options.share = 1;
  const passes node{{sim.system(), "model", options}};
  const auto began = sim.now();
  CHECK(sim.finish(sim.start(batch_of(node, 11))).ok());
  CHECK(*node.passed == 11);
  CHECK(sim.now() - began >= 990ms);
  const shared_semaphore seats{sim.system(), "seats", 2};
  CHECK(sim.finish(sim.start(batch_of(visits{seats, 2}, 5))).ok());
}

TEST_CASE("Handles of one name are one limit, and must agree", "[shared]") {
  troupe::testing::simulation sim;
  const shared_limit one{sim.system(), "model", only(1)};
  const passes first{{sim.system(), "model", only(1)}};
  CHECK(sim.finish(sim.start(one_node(first))).ok());
  const auto second = sim.start(one_node(passes{one}));
  sim.run_ready();
  CHECK_FALSE(second.done());
  CHECK(code_of([&] {
          shared_limit{sim.system(), "model", only(2)};
        }) == errc::bad_flow);
  const shared_semaphore seats{sim.system(), "seats", 1};
  CHECK(code_of([&] {
          shared_semaphore{sim.system(), "seats", 2};
        }) == errc::bad_flow);
  second.cancel();
}

TEST_CASE("Permits that are out outlive the handle that lent them",
          "[shared]") {
  troupe::testing::simulation sim;
  const auto seats = [&] { return shared_semaphore{sim.system(), "seats", 1}; };
  const auto held = sim.start(one_node(keeps<shared_semaphore>{seats}));
  sim.run_ready();
  const auto waits = sim.start(one_node(visits{seats()}));
  sim.advance(59s);
  CHECK_FALSE(waits.done());
  CHECK(code_of([&] {
          shared_semaphore{sim.system(), "seats", 2};
        }) == errc::bad_flow);
  sim.advance(2s);
  CHECK(sim.finish(held).ok());
  CHECK(sim.finish(waits).ok());
}

TEST_CASE("A pass that is out outlives the handle that gave it", "[shared]") {
  troupe::testing::simulation sim;
  const auto limit = [&] {
    return shared_limit{sim.system(), "model", only(1)};
  };
  const auto held = sim.start(one_node(keeps<shared_limit>{limit}));
  sim.run_ready();
  const passes next{limit()};
  const auto waits = sim.start(one_node(next));
  sim.run_ready();
  CHECK(*next.passed == 0);
  waits.cancel();
  CHECK(sim.finish(held).ok());
}

TEST_CASE("A shared limit may be destroyed after its system", "[shared]") {
  std::optional<shared_limit> kept;
  {
    troupe::system sys{{.threads = 1}};
    kept.emplace(sys, "model", only(1));
  }
  kept.reset();
  CHECK_FALSE(kept.has_value());
}
