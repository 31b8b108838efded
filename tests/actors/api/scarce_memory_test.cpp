#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/scarce.hpp"

#include <troupe/channel.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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

struct naps {
  troupe::task<> exec() const { co_await troupe::sleep_for(24h); }
};

/// So many items. Not as JSON, whose end needs memory: nlohmann's library ends
/// the process where there is none.
auto some(std::int64_t count) {
  return [count](const state&) {
    std::vector<troupe::value> items;
    for (std::int64_t i = 0; i < count; ++i) {
      items.push_back(troupe::value::object({{"i", i}}));
    }
    return items;
  };
}

/// A batch in which all wait, some of them in another batch.
troupe::flow sleeping() {
  troupe::flow_builder inner{"inner"};
  inner.add("all", troupe::batch("naps", one_node(naps{}), some(3),
                                 {.concurrency = 3}));
  troupe::flow_builder outer{"outer"};
  outer.add("all",
            troupe::batch("batch", inner.build(), some(3), {.concurrency = 3}));
  return outer.build();
}

/// Uses each of the things that coroutines wait for.
struct meets_all {
  troupe::semaphore places;
  troupe::rate_limit rate;
  troupe::channel box;

  std::string prep() const { return std::string(100, 'x'); }
  troupe::task<std::string> exec(std::string in, troupe::context& ctx) const {
    if (ctx.attempt() == 0) throw std::runtime_error("busy, try again later");
    const auto place = co_await places.acquire();
    auto pass = co_await rate.acquire(2);
    pass.used(1);
    ctx.emit(in);
    co_await box.send(in);
    const auto got = co_await box.receive();
    co_return got ? std::string{*got} : in;
  }
  void post(state& shared, std::string out) const { shared.set("out", out); }
};

troupe::flow mixed(simulation& sim) {
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 1000, .per = 1s, .burst = 10};
  allowed.tokens = {{.amount = 1000, .per = 1s, .burst = 10}};
  const meets_all node{troupe::semaphore{sim.system(), 1},
                       troupe::rate_limit{sim.system(), allowed},
                       troupe::channel{sim.system(), {.messages_max = 100}}};
  troupe::flow_builder builder{"whole"};
  builder.add(
      "all",
      troupe::batch(
          "batch", one_node(node, {.retry = {.attempts = 2, .wait = 10ms}}),
          some(2),
          {.concurrency = 2, .on_conflict = troupe::on_conflict::agree}));
  return builder.build();
}

}  // namespace

TEST_CASE("A run is cancelled however little memory is left", "[scarcity]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto length = GENERATE(std::size_t{1}, scarce_memory::for_ever);
  for (std::size_t first = 1, made = 1; first <= made; ++first) {
    simulation sim{{.turns = how}};
    const auto run = sim.start(sleeping());
    sim.run_ready();
    REQUIRE(sim.live_actors() > 12);
    {
      const scarce_memory from{first, length};
      run.cancel("enough");
      sim.run_ready();
    }
    made = scarce_memory::allocations();
    INFO("allocation " << first << " of " << made);
    REQUIRE(run.done());
    REQUIRE_FALSE(run.get().ok());
    const auto code = run.get().failure->code();
    CHECK((code == errc::cancelled || code == errc::actor_died));
    CHECK(sim.live_actors() == 0);
  }
}

TEST_CASE("A run ends wherever there is no memory for a moment", "[scarcity]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  std::size_t good = 0;
  for (std::size_t first = 1, made = 1; first <= made; ++first) {
    simulation sim{{.turns = how}};
    const auto run = sim.start(mixed(sim));
    {
      const scarce_memory from{first};
      sim.run_ready();
    }
    made = scarce_memory::allocations();
    INFO("allocation " << first << " of " << made);
    const auto result = sim.finish(run);
    if (result.ok()) ++good;
  }
  CHECK(good > 0);
}

TEST_CASE("A run on threads is cancelled however little memory is left",
          "[scarcity]") {
  troupe::system sys{{.threads = 2}};
  for (std::size_t first = 1; first <= 60; ++first) {
    const auto run = sys.start(sleeping());
    while (sys.core().actors() < 13) std::this_thread::yield();
    const scarce_memory from{first, 1, memory_of::all_threads};
    run.cancel("enough");
    while (!run.done()) std::this_thread::yield();
  }
}
