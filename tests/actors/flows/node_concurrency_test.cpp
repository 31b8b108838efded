// The number of attempts of one node that run at once, whatever runs it.

#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::testing::simulation;

TEST_CASE("So many attempts of a node run at once as it may", "[concurrency]") {
  struct limited {
    std::shared_ptr<int> now;
    std::shared_ptr<int> most;
    troupe::task<> exec() const {
      *most = std::max(*most, ++*now);
      co_await troupe::sleep_for(10ms);
      --*now;
    }
  };
  const std::uint32_t limit = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  const limited node{std::make_shared<int>(0), std::make_shared<int>(0)};
  const auto body = one_node(node, {.concurrency = limit});
  const auto all =
      troupe::batch("all", body, numbered(20), {.concurrency = 20});
  const auto began = sim.now();
  const auto one = sim.start(all);
  const auto other = sim.start(all);
  CHECK(sim.finish(one).ok());
  CHECK(sim.finish(other).ok());
  CHECK(*node.most == static_cast<int>(limit));
  CHECK(*node.now == 0);
  CHECK(sim.now() - began == 10ms * ((40 + limit - 1) / limit));
}

TEST_CASE("A limit holds on real threads", "[concurrency]") {
  struct limited {
    std::shared_ptr<std::atomic<int>> now;
    std::shared_ptr<std::atomic<int>> most;
    int exec() const {
      const int running = ++*now;
      int seen = *most;
      while (seen < running && !most->compare_exchange_weak(seen, running)) {
      }
      std::this_thread::yield();
      --*now;
      return 1;
    }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  troupe::system sys{{.threads = width}};
  const limited node{std::make_shared<std::atomic<int>>(0),
                     std::make_shared<std::atomic<int>>(0)};
  const auto body =
      one_node(node, {.concurrency = 2U, .threads = troupe::blocking});
  const auto all =
      troupe::batch("all", body, numbered(100), {.concurrency = width});
  CHECK(sys.start(all).get().ok());
  CHECK(*node.most <= 2);
  CHECK(*node.now == 0);
}
