#include "support/catch.hpp"

#include <troupe/detail/timing/timer_wheel.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using wheel = troupe::timer_wheel<int>;
using time_point = wheel::time_point;

namespace {

constexpr time_point start{};

std::vector<int> advance(wheel& timers, time_point now) {
  std::vector<int> fired;
  timers.advance(now, [&](int&& each) { fired.push_back(each); });
  timers.check();
  return fired;
}

}  // namespace

TEST_CASE("A timer fires once, not before it is due", "[timer_wheel]") {
  wheel timers{start};
  timers.arm(start + 5ms, 1);

  CHECK(advance(timers, start + 4ms + 999us).empty());
  CHECK(timers.size() == 1);
  CHECK(advance(timers, start + 5ms) == std::vector{1});
  CHECK(timers.size() == 0);
  CHECK(advance(timers, start + 1h).empty());
}

TEST_CASE("A time between two ticks is rounded up", "[timer_wheel]") {
  wheel timers{start};
  timers.arm(start + 5ms + 1ns, 1);

  CHECK(advance(timers, start + 5ms).empty());
  CHECK(timers.next_due() == start + 6ms);
  CHECK(advance(timers, start + 6ms) == std::vector{1});
}

TEST_CASE("Timers fire in order of time, then of arming", "[timer_wheel]") {
  wheel timers{start};
  timers.arm(start + 1h, 5);
  timers.arm(start + 300ms, 3);
  timers.arm(start + 2ms, 1);
  timers.arm(start + 300ms, 4);
  timers.arm(start + 2ms, 2);

  CHECK(advance(timers, start + 2h) == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("Order of arming holds across levels of the wheel", "[timer_wheel]") {
  wheel timers{start};
  // Armed while far away, so at a high level, and again when near.
  timers.arm(start + 1000ms, 1);
  CHECK(advance(timers, start + 999ms).empty());
  timers.arm(start + 1000ms, 2);

  CHECK(advance(timers, start + 1000ms) == std::vector{1, 2});
}

TEST_CASE("A timer that is already due waits for the next call",
          "[timer_wheel]") {
  wheel timers{start};
  CHECK(advance(timers, start + 10ms).empty());
  timers.arm(start + 3ms, 1);

  CHECK(timers.next_due() == start + 10ms);
  CHECK(advance(timers, start + 10ms) == std::vector{1});
}

TEST_CASE("A timer armed while others fire does not fire in the same call",
          "[timer_wheel]") {
  wheel timers{start};
  timers.arm(start + 1ms, 1);
  std::vector<int> fired;
  const auto fire = [&](int&& each) {
    fired.push_back(each);
    if (each < 3) {
      timers.arm(start, each + 1);
    }
  };

  timers.advance(start + 1ms, fire);
  CHECK(fired == std::vector{1});
  timers.advance(start + 1ms, fire);
  timers.advance(start + 1ms, fire);
  CHECK(fired == std::vector{1, 2, 3});
  CHECK(timers.size() == 0);
}

TEST_CASE("A cancelled timer does not fire", "[timer_wheel]") {
  wheel timers{start};
  const auto first = timers.arm(start + 5ms, 1);
  const auto second = timers.arm(start + 5ms, 2);

  CHECK(timers.cancel(first));
  CHECK_FALSE(timers.cancel(first));
  CHECK(advance(timers, start + 5ms) == std::vector{2});
  CHECK_FALSE(timers.cancel(second));
  CHECK_FALSE(timers.cancel({}));
}

TEST_CASE("An old id does not cancel a timer that took its place",
          "[timer_wheel]") {
  wheel timers{start};
  const auto old = timers.arm(start + 5ms, 1);
  REQUIRE(timers.cancel(old));
  const auto reused = timers.arm(start + 5ms, 2);
  REQUIRE(reused.index == old.index);

  CHECK_FALSE(timers.cancel(old));
  CHECK(advance(timers, start + 5ms) == std::vector{2});
}

TEST_CASE("A timer can be cancelled by one that fires with it",
          "[timer_wheel]") {
  wheel timers{start};
  troupe::timer_id second;
  std::vector<int> fired;
  timers.arm(start + 5ms, 1);
  second = timers.arm(start + 5ms, 2);
  timers.arm(start + 5ms, 3);

  timers.advance(start + 5ms, [&](int&& each) {
    fired.push_back(each);
    timers.cancel(second);
  });
  CHECK(fired == std::vector{1, 3});
}

TEST_CASE("Removing a timer gives back what it carries", "[timer_wheel]") {
  troupe::timer_wheel<std::unique_ptr<int>> timers{start};
  const auto id = timers.arm(start + 5ms, std::make_unique<int>(7));

  const auto carried = timers.remove(id);
  REQUIRE(carried.has_value());
  CHECK(**carried == 7);
  CHECK_FALSE(timers.remove(id).has_value());
}

TEST_CASE("The next due time is exact, a day or two ahead as well",
          "[timer_wheel]") {
  wheel timers{start};
  CHECK_FALSE(timers.next_due().has_value());
  CHECK_FALSE(timers.next_look().has_value());
  timers.arm(start + 24h + 7ms, 1);
  timers.arm(start + 48h, 2);

  CHECK(timers.next_due() == start + 24h + 7ms);
  CHECK(*timers.next_look() <= start + 24h + 7ms);
  CHECK(advance(timers, *timers.next_due()) == std::vector{1});
  CHECK(timers.next_due() == start + 48h);
}

TEST_CASE("A look at the suggested times finds every timer", "[timer_wheel]") {
  wheel timers{start};
  timers.arm(start + 26h + 3min + 7s + 5ms, 1);
  int looks = 0;
  auto fired = std::vector<int>{};
  while (fired.empty()) {
    fired = advance(timers, *timers.next_look());
    ++looks;
  }
  CHECK(fired == std::vector{1});
  CHECK(looks <= 8);
}

TEST_CASE("The end of time is a time like others", "[timer_wheel]") {
  wheel timers{start};
  timers.arm(time_point::max(), 1);

  CHECK(timers.next_due() == time_point::max());
  CHECK(advance(timers, start + 24h * 365).empty());
  CHECK(advance(timers, time_point::max() - 1ms).empty());
}

TEST_CASE("A limit leaves the rest for the next call", "[timer_wheel]") {
  wheel timers{start};
  for (int i = 0; i < 5; ++i) {
    timers.arm(start + 1ms, i);
  }
  timers.arm(start + 2ms, 5);
  std::vector<int> fired;
  const auto fire = [&](int&& each) { fired.push_back(each); };

  CHECK_FALSE(timers.advance(start + 2ms, fire, 2));
  CHECK(fired == std::vector{0, 1});
  CHECK(timers.next_due() == start + 1ms);
  CHECK(timers.advance(start + 2ms, fire));
  CHECK(fired == std::vector{0, 1, 2, 3, 4, 5});
}

TEST_CASE("A wheel can be cleared in parts", "[timer_wheel]") {
  wheel timers{start};
  for (int i = 0; i < 5; ++i) {
    timers.arm(start + i * 1h, i);
  }
  std::vector<int> taken;
  const auto take = [&](int&& each) { taken.push_back(each); };

  CHECK_FALSE(timers.clear(take, 3));
  CHECK(timers.size() == 2);
  CHECK(timers.clear(take));
  std::sort(taken.begin(), taken.end());
  CHECK(taken == std::vector{0, 1, 2, 3, 4});
  CHECK_FALSE(timers.next_due().has_value());
}

TEST_CASE("Ticks may be of any length", "[timer_wheel]") {
  wheel timers{start + 1s, 10ms};
  timers.arm(start + 1s + 11ms, 1);
  timers.arm(start, 2);

  CHECK(advance(timers, start + 1s) == std::vector{2});
  CHECK(timers.next_due() == start + 1s + 20ms);
}

TEST_CASE("A million timers fire in order, and their memory serves again",
          "[timer_wheel]") {
  wheel timers{start};
  for (int round = 0; round < 2; ++round) {
    const auto origin = start + round * 1h;
    for (int i = 0; i < 1'000'000; ++i) {
      // A permutation of the milliseconds of 1000 seconds.
      timers.arm(origin + std::chrono::milliseconds(i * 7919LL % 1'000'000), i);
    }
    REQUIRE(timers.size() == 1'000'000);
    int count = 0;
    long long last = -1;
    bool in_order = true;
    timers.advance(origin + 1000s, [&](int&& each) {
      const auto due = each * 7919LL % 1'000'000;
      in_order = in_order && due > last;
      last = due;
      ++count;
    });
    CHECK(in_order);
    CHECK(count == 1'000'000);
  }
}

TEST_CASE("Any sequence of calls gives what a sorted map gives",
          "[timer_wheel]") {
  // Each step arms a timer, cancels one or moves time, by distances of any
  // order of magnitude.
  const auto passed = rc::check([](const std::vector<std::uint64_t>& steps) {
    wheel timers{start};
    std::multimap<time_point, int> expected;
    std::map<int, std::pair<troupe::timer_id, time_point>> armed;
    auto now = start;
    int next = 0;
    for (const auto step : steps) {
      const auto magnitude = (step >> 8U) % 40;
      const auto ticks = (step >> 16U) & ((std::uint64_t{1} << magnitude) - 1);
      const auto distance =
          std::chrono::milliseconds{static_cast<std::int64_t>(ticks)};
      if (step % 8 < 4) {
        // Arming in the past is left to other cases.
        const auto due = now + distance + 1ms;
        armed[next] = {timers.arm(due, next), due};
        expected.emplace(due, next);
        ++next;
      } else if (step % 8 == 4 && !armed.empty()) {
        auto chosen = armed.lower_bound(
            static_cast<int>(ticks % static_cast<std::uint64_t>(next)));
        if (chosen == armed.end()) {
          chosen = armed.begin();
        }
        const auto number = chosen->first;
        const auto where = chosen->second;
        RC_ASSERT(timers.cancel(where.first));
        const auto [first, last] = expected.equal_range(where.second);
        expected.erase(std::find_if(first, last, [&](const auto& each) {
          return each.second == number;
        }));
        armed.erase(chosen);
      } else {
        now += distance;
        std::vector<int> due;
        while (!expected.empty() && expected.begin()->first <= now) {
          due.push_back(expected.begin()->second);
          armed.erase(due.back());
          expected.erase(expected.begin());
        }
        RC_ASSERT(advance(timers, now) == due);
      }
      // It looks at all slots.
      if (next % 8 == 0) timers.check();
      RC_ASSERT(timers.size() == expected.size());
      if (expected.empty()) {
        RC_ASSERT(!timers.next_due().has_value());
      } else {
        RC_ASSERT(timers.next_due() == expected.begin()->first);
        RC_ASSERT(*timers.next_look() <= expected.begin()->first);
      }
    }
  });
  CHECK(passed);
}
