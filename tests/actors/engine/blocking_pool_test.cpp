#include "core/blocking_pool.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <barrier>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace troupe::detail;
using troupe::errc;
using namespace std::chrono_literals;

TEST_CASE("A job runs on a thread of the pool", "[blocking_pool]") {
  blocking_pool pool{{}};
  std::promise<std::thread::id> ran;

  REQUIRE_FALSE(pool.submit([&](job_call turn) {
    CHECK(turn == job_call::run);
    ran.set_value(std::this_thread::get_id());
  }));
  CHECK(ran.get_future().get() != std::this_thread::get_id());
  CHECK(pool.threads() == 1);
}

TEST_CASE("A job need not be copyable", "[blocking_pool]") {
  blocking_pool pool{{.manual = true}};
  int seen = 0;

  REQUIRE_FALSE(pool.submit(
      [&seen, owned = std::make_unique<int>(7)](job_call) { seen = *owned; }));
  CHECK(pool.run_one());
  CHECK(seen == 7);
}

TEST_CASE("As many jobs run at once as there are threads allowed",
          "[blocking_pool]") {
  const auto width = GENERATE(1, 2, 3, 8);
  constexpr int rounds = 20;
  const auto threads = static_cast<std::size_t>(width);
  blocking_pool pool{{.threads_max = threads}};
  // Passed only by all jobs of a round together.
  std::barrier together{width};
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::latch is_done{width * rounds};

  for (int i = 0; i < width * rounds; ++i) {
    REQUIRE_FALSE(pool.submit([&](job_call) {
      const auto running = ++now;
      for (auto seen = most.load(); seen < running;) {
        most.compare_exchange_weak(seen, running);
      }
      together.arrive_and_wait();
      --now;
      is_done.count_down();
    }));
  }
  is_done.wait();
  CHECK(most == width);
  CHECK(pool.threads() == threads);
}

TEST_CASE("An idle thread is used before another is started",
          "[blocking_pool]") {
  blocking_pool pool{{.threads_max = 8}};
  for (int i = 0; i < 20; ++i) {
    std::promise<void> is_done;
    REQUIRE_FALSE(pool.submit([&](job_call) { is_done.set_value(); }));
    is_done.get_future().wait();
    while (pool.running() > 0) {
      std::this_thread::yield();
    }
  }
  CHECK(pool.threads() == 1);
}

TEST_CASE("Jobs beyond the bound of the queue wait, and are told at once",
          "[blocking_pool]") {
  blocking_pool pool{{.queue_max = 2, .manual = true}};
  int calls = 0;
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(pool.submit([&](job_call) { ++calls; }));
  }
  CHECK(pool.waiting() == 5);
  CHECK(pool.look(troupe::time_point{}, 1h).second.waiting == 5);
  while (pool.run_one()) {
  }
  CHECK(calls == 5);
}

TEST_CASE("At the end jobs that run are waited for, others are told",
          "[blocking_pool]") {
  std::promise<void> is_running;
  std::promise<void> may_end;
  std::atomic<int> finished{0};
  std::atomic<int> refused{0};
  blocking_pool pool{{.threads_max = 1}};
  REQUIRE_FALSE(pool.submit([&](job_call) {
    is_running.set_value();
    may_end.get_future().wait();
    ++finished;
  }));
  is_running.get_future().wait();
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(pool.submit([&](job_call turn) {
      if (turn == job_call::shut_down && ++refused == 3) {
        may_end.set_value();
      }
    }));
  }

  pool.stop();
  CHECK(finished == 1);
  CHECK(refused == 3);
  CHECK(pool.submit([](job_call) {}).value().code() == errc::shut_down);
}

TEST_CASE("A pool may end right after its jobs were given", "[blocking_pool]") {
  const auto width = GENERATE(1, 2, 3, 8);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> calls{0};
    {
      blocking_pool pool{{.threads_max = static_cast<std::size_t>(width)}};
      for (int i = 0; i < 20; ++i) {
        REQUIRE_FALSE(pool.submit([&](job_call) { ++calls; }));
      }
    }
    REQUIRE(calls == 20);
  }
}

TEST_CASE("Without threads jobs run one by one when told to",
          "[blocking_pool]") {
  blocking_pool pool{{.manual = true}};
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(pool.submit([&, i](job_call) { order.push_back(i); }));
  }

  CHECK(order.empty());
  CHECK(pool.run_one());
  CHECK(order == std::vector{0});
  CHECK(pool.run_one());
  CHECK(pool.run_one());
  CHECK_FALSE(pool.run_one());
  CHECK(order == std::vector{0, 1, 2});
  CHECK(pool.threads() == 0);
}

TEST_CASE("A job may give another job", "[blocking_pool]") {
  blocking_pool pool{{.manual = true}};
  int calls = 0;
  REQUIRE_FALSE(pool.submit([&](job_call) {
    ++calls;
    CHECK_FALSE(pool.submit([&](job_call) { ++calls; }));
  }));

  while (pool.run_one()) {
  }
  CHECK(calls == 2);
}

TEST_CASE("A pool that could run nothing is refused", "[blocking_pool]") {
  CHECK_THROWS_AS(blocking_pool({.threads_max = 0}), troupe::error);
  CHECK_THROWS_AS(blocking_pool({.queue_max = 0}), troupe::error);
}
