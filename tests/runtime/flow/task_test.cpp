#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/counted.hpp"
#include "support/flows/still_host.hpp"

#include <troupe/blocking.hpp>
#include <troupe/sleep.hpp>
#include <troupe/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using troupe::sleep_for;
using troupe::task;
using troupe_test::code_of;
using troupe_test::counted;
using troupe_test::still_host;

namespace {

task<int> seven() { co_return 7; }

task<int> sum_of_loop(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    auto one = seven();
    sum += co_await one;
  }
  co_return sum;
}

task<int> throws(bool late) {
  counted local;
  if (late) co_await sleep_for(1s);
  throw std::runtime_error("broken");
}

/// Waits three times at each of three depths, with a local at every point.
task<int> deep(int depth, counted by_value) {
  counted local;
  int points = 0;
  co_await sleep_for(1s);
  ++points;
  if (depth > 0) {
    auto next = deep(depth - 1, counted{});
    points += co_await next;
  }
  counted other;
  co_await sleep_for(1s);
  ++points;
  static_cast<void>(by_value);
  co_return points;
}

task<int> recurse(std::uint32_t depth) {
  if (depth == 0) {
    co_await sleep_for(1s);
    co_return 0;
  }
  auto below = recurse(depth - 1);
  co_return 1 + co_await below;
}

class told final : public troupe::detail::completion {
 public:
  int times = 0;
  void on_complete() noexcept override { ++times; }
};

}  // namespace

TEST_CASE("A task runs only when it is started", "[task]") {
  still_host host;
  bool has_run = false;
  {
    const auto body = [&]() -> task<> {
      has_run = true;
      co_return;
    };
    auto never = body();
    CHECK_FALSE(never.done());
  }
  CHECK_FALSE(has_run);

  auto work = seven();
  CHECK(work.start(host));
  CHECK(work.done());
  CHECK(work.take() == 7);
}

TEST_CASE("A loop over tasks that are ready stays flat", "[task]") {
  still_host host;
  auto work = sum_of_loop(1'000'000);
  CHECK(work.start(host));
  CHECK(work.take() == 7'000'000);
}

TEST_CASE("Tasks await each other as deep as they may", "[task]") {
  still_host host;
  auto deepest = recurse(troupe::task_depth_max);
  CHECK_FALSE(deepest.start(host));
  host.advance(1s);
  CHECK(deepest.take() == int{troupe::task_depth_max});
}

TEST_CASE("A task that is awaited too deep does not begin", "[task]") {
  still_host host;
  auto too_deep = recurse(troupe::task_depth_max + 1);
  CHECK(too_deep.start(host));
  CHECK(host.timers() == 0);
  try {
    too_deep.take();
    FAIL("it was taken");
  } catch (const troupe::error& why) {
    CHECK(why.code() == troupe::errc::too_deep);
    CHECK(why.message() == "tasks await each other deeper than 1000 levels");
  }
}

TEST_CASE("What a task throws comes out where it is taken", "[task]") {
  still_host host;
  const bool late = GENERATE(false, true);
  const auto outer = [late]() -> task<std::string> {
    auto inner = throws(late);
    try {
      co_await inner;
    } catch (const std::runtime_error& why) {
      co_return why.what();
    }
    co_return "nothing";
  };
  auto caught = outer();
  auto bare = throws(late);
  caught.start(host);
  bare.start(host);
  host.advance(1s);
  CHECK(caught.take() == "broken");
  REQUIRE(bare.done());
  CHECK(bare.has_thrown());
  CHECK_THROWS_AS(bare.take(), std::runtime_error);
  CHECK(counted::alive() == 0);
}

TEST_CASE("Who is told hears of a late end only", "[task]") {
  still_host host;
  told listener;
  auto at_once = seven();
  CHECK(at_once.start(host, &listener));
  CHECK(listener.times == 0);

  auto late = throws(true);
  CHECK_FALSE(late.start(host, &listener));
  host.advance(1s);
  CHECK(listener.times == 1);
}

TEST_CASE("A task may be destroyed at every point where it waits", "[task]") {
  constexpr int depth = 2;
  constexpr int points = 2 * (depth + 1);
  for (int passed = 0; passed <= points; ++passed) {
    still_host host;
    {
      auto work = deep(depth, counted{});
      CHECK(counted::alive() == 1);
      work.start(host);
      host.advance(passed * 1s);
      CHECK(work.done() == (passed == points));
      CHECK(host.waiting() == (passed == points ? 0 : 1));
      if (work.done()) CHECK(work.take() == points);
    }
    CHECK(counted::alive() == 0);
    CHECK(host.waiting() == 0);
    CHECK(host.timers() == 0);
    // Nobody is there for what comes late.
    host.advance(1h);
  }
}

TEST_CASE("A task that was never started can be destroyed", "[task]") {
  { auto work = deep(3, counted{}); }
  CHECK(counted::alive() == 0);
}

TEST_CASE("A task moves, and the place it left is empty", "[task]") {
  still_host host;
  auto from = seven();
  task<int> to = std::move(from);
  CHECK_FALSE(static_cast<bool>(from));
  CHECK(to.start(host));
  to = task<int>{};
  CHECK_FALSE(static_cast<bool>(to));
  CHECK_FALSE(to.done());
}

TEST_CASE("A task that is empty cannot be awaited", "[task]") {
  still_host host;
  const auto outer = [](task<int> inner) -> task<int> {
    co_return co_await inner;
  };
  auto from = seven();
  const auto to = std::move(from);
  auto of_none = outer(task<int>{});
  auto of_moved = outer(std::move(from));
  for (auto* each : {&of_none, &of_moved}) {
    CHECK(each->start(host));
    std::string text;
    CHECK(code_of([&] { each->take(); }, &text) == troupe::errc::bad_flow);
    CHECK(text ==
          "a task was awaited that is empty: it has no coroutine, or was moved "
          "from");
  }
}

TEST_CASE("A task that is empty ends at once where it is started", "[task]") {
  still_host host;
  told listener;
  task<> none;
  CHECK(none.start(host, &listener));
  CHECK(none.has_thrown());
  CHECK(code_of([&] { none.take(); }) == troupe::errc::bad_flow);
  CHECK(listener.times == 0);
}

TEST_CASE("A task cannot be awaited twice", "[task]") {
  still_host host;
  const auto twice = [](task<int> inner) -> task<int> {
    const int first = co_await inner;
    co_return first + co_await inner;
  };
  auto work = twice(seven());
  CHECK(work.start(host));
  std::string text;
  CHECK(code_of([&] { work.take(); }, &text) == troupe::errc::bad_flow);
  CHECK(text == "a task was awaited twice; keep what the first co_await gave");
}

TEST_CASE("A task gives what can only be moved", "[task]") {
  still_host host;
  const auto make = []() -> task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(3);
  };
  auto work = make();
  work.start(host);
  CHECK(*work.take() == 3);
}

TEST_CASE("A time limit destroys the work where it waits", "[task]") {
  still_host host;
  const auto limited = [](troupe::duration limit) -> task<std::string> {
    try {
      auto work = deep(1, counted{});
      auto points = co_await troupe::within(limit, std::move(work));
      co_return std::to_string(points);
    } catch (const troupe::error& why) {
      co_return std::string{to_string(why.code())};
    }
  };
  auto in_time = limited(5s);
  in_time.start(host);
  host.advance(4s);
  REQUIRE(in_time.done());
  CHECK(in_time.take() == "4");
  CHECK(host.timers() == 0);

  auto too_late = limited(3s);
  too_late.start(host);
  host.advance(2s);
  CHECK_FALSE(too_late.done());
  host.advance(1s);
  REQUIRE(too_late.done());
  CHECK(too_late.take() == "timed_out");
  CHECK(counted::alive() == 0);
  CHECK(host.timers() == 0);

  auto dropped = limited(3s);
  dropped.start(host);
  dropped.reset();
  CHECK(counted::alive() == 0);
  CHECK(host.timers() == 0);
}

TEST_CASE("A wait of no time does not wait", "[task]") {
  still_host host;
  const auto body = []() -> task<> {
    co_await sleep_for(0s);
    co_await sleep_for(-1s);
  };
  auto work = body();
  CHECK(work.start(host));
}

TEST_CASE("A blocking call that nobody waits for does not begin", "[task]") {
  still_host host;
  int calls = 0;
  const auto body = [&]() -> task<int> {
    counted local;
    auto call = [&calls] { return ++calls; };
    co_return co_await troupe::blocking(call);
  };
  SECTION("awaited") {
    auto work = body();
    work.start(host);
    CHECK(host.run_job());
    CHECK(work.take() == 1);
  }
  SECTION("dropped") {
    auto work = body();
    work.start(host);
    work.reset();
    REQUIRE(host.jobs() == 1);
    CHECK_FALSE(host.run_job());
    CHECK(calls == 0);
  }
  CHECK(counted::alive() == 0);
}
