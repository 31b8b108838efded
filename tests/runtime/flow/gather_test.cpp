#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/counted.hpp"
#include "support/flows/still_host.hpp"

#include <troupe/gather.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::gather_options;
using troupe::on_error;
using troupe::task;
using troupe_test::code_of;
using troupe_test::counted;
using troupe_test::still_host;

namespace {

struct watch {
  int now = 0;
  int most = 0;
  int ended = 0;
};

task<int> nap(int seconds, int result, watch& seen) {
  counted local;
  seen.most = std::max(seen.most, ++seen.now);
  co_await troupe::sleep_for(seconds * 1s);
  --seen.now;
  ++seen.ended;
  if (result < 0) throw std::runtime_error(std::to_string(result));
  co_return result;
}

using results = std::vector<int>;

task<results> all_of(std::vector<task<int>> tasks, gather_options options) {
  co_return co_await troupe::gather(std::move(tasks), options);
}

std::vector<task<int>> naps(const std::vector<std::pair<int, int>>& list,
                            watch& seen) {
  std::vector<task<int>> tasks;
  for (const auto& [seconds, result] : list) {
    tasks.push_back(nap(seconds, result, seen));
  }
  return tasks;
}

}  // namespace

TEST_CASE("Results come in the order of the tasks", "[gather]") {
  still_host host;
  watch seen;
  auto work = all_of(naps({{3, 10}, {1, 20}, {0, 30}, {2, 40}}, seen), {});
  CHECK_FALSE(work.start(host));
  host.advance(2s);
  CHECK_FALSE(work.done());
  host.advance(1s);
  REQUIRE(work.done());
  CHECK(work.take() == results{10, 20, 30, 40});
  CHECK(seen.most == 3);
}

TEST_CASE("No more tasks run than the width allows", "[gather]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  still_host host;
  watch seen;
  auto work =
      all_of(naps({{1, 0}, {2, 1}, {1, 2}, {0, 3}, {1, 4}, {1, 5}}, seen),
             {.width = width});
  work.start(host);
  host.advance(10s);
  REQUIRE(work.done());
  CHECK(work.take() == results{0, 1, 2, 3, 4, 5});
  CHECK(seen.most <= static_cast<int>(width));
}

TEST_CASE("A width that lets no task run is refused", "[gather]") {
  watch seen;
  still_host host;
  auto work = all_of(naps({{1, 0}}, seen), {.width = 0});
  REQUIRE(work.start(host));
  CHECK(code_of([&] { work.take(); }) == troupe::errc::bad_flow);
  CHECK(seen.most == 0);
}

TEST_CASE("Nothing to gather is done at once", "[gather]") {
  still_host host;
  auto work = all_of({}, {});
  CHECK(work.start(host));
  CHECK(work.take().empty());
}

TEST_CASE("A million tasks that are ready do not eat the stack", "[gather]") {
  still_host host;
  const auto ready = [](int n) -> task<int> { co_return n; };
  std::vector<task<int>> tasks;
  for (int i = 0; i < 1'000'000; ++i) tasks.push_back(ready(i));
  auto work = all_of(std::move(tasks), {.width = 1});
  CHECK(work.start(host));
  CHECK(work.take().back() == 999'999);
}

TEST_CASE("The first error destroys the others", "[gather]") {
  still_host host;
  watch seen;
  auto work =
      all_of(naps({{5, 1}, {1, -2}, {2, -3}, {9, 4}}, seen), {.width = 3});
  work.start(host);
  host.advance(1s);
  REQUIRE(work.done());
  CHECK(host.waiting() == 0);
  CHECK(counted::alive() == 0);
  CHECK(seen.ended == 1);
  try {
    work.take();
    FAIL("gave a result");
  } catch (const std::runtime_error& why) {
    CHECK(std::string{why.what()} == "-2");
  }
}

TEST_CASE("Waiting for all gives the error of the first in order", "[gather]") {
  still_host host;
  watch seen;
  auto work = all_of(naps({{2, 1}, {3, -2}, {1, -3}}, seen),
                     {.error_rule = on_error::wait_for_all});
  work.start(host);
  host.advance(2s);
  CHECK_FALSE(work.done());
  host.advance(1s);
  REQUIRE(work.done());
  CHECK(seen.ended == 3);
  try {
    work.take();
    FAIL("gave a result");
  } catch (const std::runtime_error& why) {
    CHECK(std::string{why.what()} == "-2");
  }
}

TEST_CASE("An error at once starts nothing more", "[gather]") {
  still_host host;
  watch seen;
  auto work = all_of(naps({{0, -1}, {1, 2}, {1, 3}}, seen), {});
  CHECK(work.start(host));
  CHECK_THROWS_AS(work.take(), std::runtime_error);
  CHECK(seen.most == 1);
  CHECK(counted::alive() == 0);
}

TEST_CASE("A gather may be destroyed whatever its tasks wait for", "[gather]") {
  for (int passed = 0; passed <= 4; ++passed) {
    still_host host;
    watch seen;
    {
      auto work =
          all_of(naps({{1, 0}, {2, 1}, {1, 2}, {2, 3}}, seen), {.width = 2});
      work.start(host);
      host.advance(passed * 1s);
    }
    CHECK(counted::alive() == 0);
    CHECK(host.waiting() == 0);
    CHECK(host.timers() == 0);
  }
}

TEST_CASE("A task that is empty fails its gather", "[gather]") {
  still_host host;
  watch seen;
  auto tasks = naps({{1, 1}, {2, 2}}, seen);
  tasks.insert(tasks.begin() + 1, task<int>{});
  auto work = all_of(std::move(tasks), {});
  CHECK(work.start(host));
  CHECK(code_of([&] { work.take(); }) == troupe::errc::bad_flow);
  CHECK(counted::alive() == 0);
}

TEST_CASE("Tasks without results can be gathered, and nested", "[gather]") {
  still_host host;
  watch seen;
  const auto inner = [&seen]() -> task<> {
    auto both = all_of(naps({{1, 1}, {2, 2}}, seen), {});
    co_await both;
  };
  const auto outer = [&]() -> task<> {
    std::vector<task<>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(inner());
    co_await troupe::gather(std::move(tasks));
  };
  auto work = outer();
  work.start(host);
  CHECK(seen.now == 6);
  host.advance(2s);
  CHECK(work.done());
  CHECK(seen.ended == 6);
}
