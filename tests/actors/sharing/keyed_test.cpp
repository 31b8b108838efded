#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/keyed.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::keyed;
using troupe::semaphore;
using troupe::testing::simulation;

namespace {

/// Passes `count` times for its tenant, and tells when it was done.
struct passes {
  keyed<troupe::rate_limit> limits;
  std::string tenant;
  int count;

  troupe::task<> exec() const {
    for (int i = 0; i < count; ++i) co_await limits.of(tenant).acquire();
  }
};

troupe::rate_limit_options one_a_second() {
  troupe::rate_limit_options options;
  options.requests = {.amount = 1, .per = 1s};
  options.share = 1;
  return options;
}

}  // namespace

TEST_CASE("A key has a limit of its own, made once", "[keyed]") {
  simulation sim;
  int made = 0;
  const keyed<semaphore> seats{[&](std::string_view key) {
    ++made;
    return semaphore{sim.system(), static_cast<std::uint32_t>(key.size())};
  }};
  CHECK(seats.of("a").size() == 1);
  CHECK(seats.of("abc").size() == 3);
  CHECK(seats.of("a").size() == 1);
  CHECK(made == 2);
  CHECK(seats.size() == 2);
}

TEST_CASE("A heavy tenant does not delay a light one", "[keyed]") {
  simulation sim;
  const keyed<troupe::rate_limit> limits{[&](std::string_view) {
    return troupe::rate_limit{sim.system(), one_a_second()};
  }};
  const auto start = sim.now();
  auto heavy = sim.start(one_node(passes{limits, "heavy", 1000}));
  auto light = sim.start(one_node(passes{limits, "light", 3}));
  REQUIRE(sim.finish(light).ok());
  CHECK(sim.now() - start <= 2s);
  heavy.cancel();
  CHECK_FALSE(sim.finish(heavy).ok());
}

TEST_CASE("The key that was not asked for for the longest time is forgotten",
          "[keyed]") {
  simulation sim;
  std::vector<std::string> made;
  const keyed<semaphore> seats{[&](std::string_view key) {
                                 made.emplace_back(key);
                                 return semaphore{sim.system(), 1};
                               },
                               2};
  for (const char* key : {"a", "b", "a", "c", "a", "b"}) {
    static_cast<void>(seats.of(key));
  }
  CHECK(made == std::vector<std::string>{"a", "b", "c", "b"});
  CHECK(seats.size() == 2);
}

TEST_CASE("Many threads get the same limit for a key", "[keyed]") {
  troupe::system runtime{{.threads = 2}};
  std::atomic<int> made{0};
  const keyed<semaphore> seats{[&](std::string_view) {
    ++made;
    return semaphore{runtime, 1};
  }};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) {
        static_cast<void>(seats.of(std::to_string(k % 10)));
      }
    });
  }
  for (auto& each : threads) each.join();
  CHECK(made == 10);
}

TEST_CASE("Keyed limits without a maker, or without keys, are refused",
          "[keyed]") {
  CHECK(code_of([] { keyed<semaphore>{nullptr}; }) == errc::bad_flow);
  simulation sim;
  CHECK(code_of([&] {
          keyed<semaphore>{[&](std::string_view) {
                             return semaphore{sim.system(), 1};
                           },
                           0};
        }) == errc::bad_flow);
}
