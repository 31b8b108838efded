#include "support/actors/both_ways.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/gather.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::permit;
using troupe::semaphore;
using troupe::state;
using troupe::testing::simulation;

namespace {

/// Tasks of one coroutine that stand in line one after the other.
struct line {
  semaphore seats;
  std::shared_ptr<std::vector<std::string>> log =
      std::make_shared<std::vector<std::string>>();

  troupe::task<> take(std::string name, std::uint32_t count,
                      troupe::duration hold) const {
    const permit mine = co_await seats.acquire(count);
    log->push_back(name);
    co_await troupe::sleep_for(hold);
  }
  troupe::task<> give_up(troupe::duration after, std::uint32_t count) const {
    try {
      co_await troupe::within(after, take("late", count, 1s));
    } catch (const troupe::error&) {
      log->push_back("gave up");
    }
  }
};

/// Returns the deeds of the tasks of `make` to a semaphore of so many seats.
template <class Make>
std::vector<std::string> log_of(std::uint32_t seats, Make make) {
  struct runs_tasks {
    line at;
    Make make;
    troupe::task<> exec() const { co_await troupe::gather(make(at)); }
  };
  simulation sim;
  const runs_tasks node{line{semaphore{sim.system(), seats}}, make};
  CHECK(sim.finish(sim.start(one_node(node))).ok());
  return *node.at.log;
}

/// Takes a seat for a second.
struct takes_seat {
  semaphore seats;

  troupe::task<> exec() const {
    const permit mine = co_await seats.acquire();
    co_await troupe::sleep_for(1s);
  }
};

/// Takes all seats there are, and tries to take one more.
struct counts_seats {
  semaphore seats;

  troupe::task<permit> one() const { co_return co_await seats.acquire(); }
  troupe::task<std::string> exec() const {
    const permit all = co_await seats.acquire(seats.size());
    try {
      const permit more = co_await troupe::within(1ms, one());
    } catch (const troupe::error& why) {
      co_return std::string{to_string(why.code())};
    }
    co_return "one more";
  }
  void post(state& shared, const std::string& what) const {
    shared["what"] = what;
  }
};

/// Leaves with its permit in one of five ways, by its item.
struct leaves_somehow {
  semaphore seats;
  std::shared_ptr<std::atomic<int>> busy;
  std::shared_ptr<std::atomic<int>> most;

  void count(int by) const {
    const int now = busy->fetch_add(by) + by;
    if (now > most->load()) most->store(now);
  }
  /// Counts down on every way out.
  struct guest {
    explicit guest(const leaves_somehow& at) : host(&at) { host->count(1); }
    guest(const guest&) = delete;
    ~guest() { host->count(-1); }
    const leaves_somehow* host;
  };
  troupe::task<> sit(troupe::duration hold, bool throws) const {
    const permit seat = co_await seats.acquire();
    const guest counted{*this};
    co_await troupe::sleep_for(hold);
    if (throws) throw std::runtime_error("fell off");
  }
  troupe::task<> exec(troupe::context& ctx) const {
    switch (ctx.params().at("i").get<int>() % 5) {
      case 0:
        co_await sit(1ms, false);
        break;
      case 1:
        co_await sit(1ms, true);
        break;
      case 2:
        co_await troupe::within(2ms, sit(1h, false));
        break;
      case 3:
        co_await troupe::within(1ms, sit(1ms, false));
        break;
      default:
        co_await sit(0ms, true);
    }
  }
};

}  // namespace

TEST_CASE("Permits are given first come, first served", "[semaphore]") {
  const auto log = log_of(1, [](const line& at) {
    std::vector<troupe::task<>> all;
    for (const char* name : {"a", "b", "c", "d"}) {
      all.push_back(at.take(name, 1, 1s));
    }
    return all;
  });
  CHECK(log == std::vector<std::string>{"a", "b", "c", "d"});
}

TEST_CASE("Who wants many permits is not overtaken", "[semaphore]") {
  const auto log = log_of(3, [](const line& at) {
    std::vector<troupe::task<>> all;
    all.push_back(at.take("one", 1, 1s));
    all.push_back(at.take("three", 3, 1s));
    all.push_back(at.take("another", 1, 1s));
    return all;
  });
  CHECK(log == std::vector<std::string>{"one", "three", "another"});
}

TEST_CASE("Who gives up no longer holds up the line", "[semaphore]") {
  const auto log = log_of(3, [](const line& at) {
    std::vector<troupe::task<>> all;
    all.push_back(at.take("long", 1, 1h));
    all.push_back(at.give_up(1s, 3));
    all.push_back(at.take("next", 2, 0s));
    return all;
  });
  CHECK(log == std::vector<std::string>{"long", "gave up", "next"});
}

TEST_CASE("Many who give up behind a long wait leave nothing behind",
          "[semaphore]") {
  const auto log = log_of(1, [](const line& at) {
    std::vector<troupe::task<>> all;
    all.push_back(at.take("first", 1, 1h));
    for (int i = 0; i < 1000; ++i) all.push_back(at.give_up(1s, 1));
    all.push_back(at.take("last", 1, 0s));
    return all;
  });
  REQUIRE(log.size() == 1002);
  CHECK(log.front() == "first");
  CHECK(std::count(log.begin(), log.end(), "gave up") == 1000);
  CHECK(log.back() == "last");
}

TEST_CASE("A permit may be given back early and is moved", "[semaphore]") {
  struct moves {
    semaphore seats;
    troupe::task<std::string> exec() const {
      permit none;
      permit first = co_await seats.acquire();
      permit second = std::move(first);
      std::string seen = std::string(none ? "1" : "0") + (first ? "1" : "0") +
                         (second ? "1" : "0");
      second.release();
      seen += second ? "1" : "0";
      const permit again = co_await seats.acquire();
      co_return seen + (again ? "1" : "0");
    }
    void post(state& shared, const std::string& seen) const {
      shared["seen"] = seen;
    }
  };
  simulation sim;
  const auto result =
      sim.finish(sim.start(one_node(moves{semaphore{sim.system(), 1}})));
  REQUIRE(result.ok());
  CHECK(result.state.at("seen") == "00101");
}

TEST_CASE("No permits, and more than there are, are refused", "[semaphore]") {
  simulation sim;
  CHECK(code_of([&] { semaphore(sim.system(), 0); }) == errc::bad_flow);
  const semaphore seats{sim.system(), 2};
  CHECK(seats.size() == 2);
  CHECK_THROWS_AS(seats.acquire(0), troupe::error);
  CHECK_THROWS_AS(seats.acquire(3), troupe::error);
}

TEST_CASE("A semaphore without room for one that waits is refused",
          "[semaphore]") {
  simulation sim;
  CHECK(code_of([&] {
          semaphore(sim.system(), {.permits = 1, .waiting_max = 0});
        }) == errc::bad_flow);
}

TEST_CASE("Who comes when the queue for permits is full is refused",
          "[semaphore]") {
  simulation sim;
  const semaphore seats{sim.system(), {.permits = 1, .waiting_max = 2}};
  const auto one = one_node(takes_seat{seats});
  const std::vector<troupe::run> inside{sim.start(one), sim.start(one),
                                        sim.start(one)};
  sim.run_ready();
  const auto refused = sim.finish(sim.start(one)).failure.value();
  CHECK(refused.code() == errc::overloaded);
  CHECK(has(refused.message(), "2 coroutines wait"));
  CHECK(has(refused.message(), "semaphore_options.waiting_max"));
  for (const auto& each : inside) CHECK(sim.finish(each).ok());
}

TEST_CASE("A wait that was given up makes room in the queue for permits",
          "[semaphore]") {
  simulation sim;
  const semaphore seats{sim.system(), {.permits = 1, .waiting_max = 1}};
  const auto one = one_node(takes_seat{seats});
  const auto holder = sim.start(one);
  const auto waiting = sim.start(one);
  sim.run_ready();
  waiting.cancel();
  sim.run_ready();
  const auto next = sim.start(one);
  CHECK(sim.finish(holder).ok());
  CHECK(sim.finish(next).ok());
}

TEST_CASE("Ten thousand ways out leave exactly the permits there were",
          "[semaphore]") {
  const auto how = both_ways();
  const auto width = GENERATE(1U, 2U, 3U, 8U);
  simulation sim{{.turns = how}};
  const semaphore seats{sim.system(), width};
  const leaves_somehow node{seats, std::make_shared<std::atomic<int>>(0),
                            std::make_shared<std::atomic<int>>(0)};
  const auto all =
      troupe::batch("all", one_node(node), numbered(10'000),
                    {.concurrency = 16, .on_failure = troupe::collect});
  CHECK(sim.finish(sim.start(all)).ok());
  CHECK(node.busy->load() == 0);
  CHECK(node.most->load() == static_cast<int>(width));
  const auto left = sim.finish(sim.start(one_node(counts_seats{seats})));
  REQUIRE(left.ok());
  CHECK(left.state.at("what") == "timed_out");
}

TEST_CASE("Cancelled runs give back what they hold and their place in line",
          "[semaphore]") {
  const auto how = both_ways();
  const auto width = GENERATE(1U, 2U, 3U, 8U);
  troupe::system sys{{.threads = 2, .turns = how}};
  const semaphore seats{sys, width};
  const leaves_somehow node{seats, std::make_shared<std::atomic<int>>(0),
                            std::make_shared<std::atomic<int>>(0)};
  const auto all =
      troupe::batch("all", one_node(node), numbered(1000),
                    {.concurrency = 100, .on_failure = troupe::collect});
  for (int i = 0; i < 10; ++i) {
    const auto run = sys.start(all);
    while (i % 2 == 0 && node.busy->load() == 0 && !run.done()) {
      std::this_thread::yield();
    }
    run.cancel();
    static_cast<void>(run.get());
  }
  CHECK(node.most->load() <= static_cast<int>(width));
  const auto left = sys.start(one_node(counts_seats{seats})).get();
  REQUIRE(left.ok());
  CHECK(left.state.at("what") == "timed_out");
}

TEST_CASE("A semaphore may be destroyed after its system", "[semaphore]") {
  std::optional<semaphore> kept;
  {
    troupe::system sys{{.threads = 1}};
    kept.emplace(sys, 1);
    CHECK(sys.start(one_node(counts_seats{*kept})).get().ok());
  }
  kept.reset();
  CHECK_FALSE(kept.has_value());
}
