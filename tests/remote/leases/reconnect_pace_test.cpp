#include "leases/reconnect_pace.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <set>

using namespace std::chrono_literals;
using troupe::duration;
using troupe::time_point;
using troupe::detail::reconnect_pace;

namespace {

constexpr time_point first_reached{1h};

/// True if a wait is a random share of `whole`, at least half of it.
bool is_share(duration wait, duration whole) {
  return wait >= whole / 2 && wait <= whole;
}

}  // namespace

TEST_CASE("The first try is at once, and waits double up to the longest",
          "[reconnect_pace]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U);
  reconnect_pace pace{1s, seed};
  CHECK(pace.next() == duration::zero());
  for (const duration whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    CHECK(is_share(pace.next(), whole));
  }
}

TEST_CASE("A connection that lasted begins anew", "[reconnect_pace]") {
  reconnect_pace pace{1s, 1};
  for (int i = 0; i < 8; ++i) static_cast<void>(pace.next());
  pace.on_reached(first_reached);
  pace.on_lost(first_reached + 1s);
  CHECK(pace.next() == duration::zero());
  CHECK(is_share(pace.next(), 100ms));
}

TEST_CASE("A connection that is lost at once was not there",
          "[reconnect_pace]") {
  reconnect_pace pace{1s, 1};
  static_cast<void>(pace.next());
  auto now = first_reached;
  for (const duration whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    pace.on_reached(now);
    now += 999ms;
    pace.on_lost(now);
    CHECK(is_share(pace.next(), whole));
  }
}

TEST_CASE("Many who lost one peer come back one by one", "[reconnect_pace]") {
  std::set<duration> waits;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    reconnect_pace pace{30s, seed};
    duration wait{};
    for (int i = 0; i < 8; ++i) wait = pace.next();
    waits.insert(std::chrono::floor<std::chrono::milliseconds>(wait));
  }
  CHECK(waits.size() > 400);
}

TEST_CASE("A longest wait without end stays in range", "[reconnect_pace]") {
  reconnect_pace pace{duration::max(), 1};
  for (int i = 0; i < 200; ++i) CHECK(pace.next() >= duration::zero());
  pace.on_reached(first_reached);
  pace.on_lost(first_reached + 24h);
  CHECK(pace.next() > duration::zero());
}
