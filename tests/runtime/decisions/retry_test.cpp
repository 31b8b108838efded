#include "support/catch.hpp"

#include <troupe/retry.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

using namespace std::chrono_literals;
using troupe::decide_retry;
using troupe::errc;
using troupe::error;
using troupe::retry_options;

namespace {

const error busy{errc::node_threw, "busy"};

}  // namespace

TEST_CASE("An attempt follows while there are any left", "[retry]") {
  const retry_options three{.attempts = 3};
  CHECK(decide_retry(three, 0, busy, 0).again);
  CHECK(decide_retry(three, 1, busy, 0).again);
  CHECK_FALSE(decide_retry(three, 2, busy, 0).again);
  CHECK_FALSE(decide_retry(retry_options{}, 0, busy, 0).again);
}

TEST_CASE("Waits grow by the factor up to the cap", "[retry]") {
  const retry_options growing{
      .attempts = 100, .wait = 1s, .backoff = 3, .wait_max = 20s};
  CHECK(decide_retry(growing, 0, busy, 0).wait == 1s);
  CHECK(decide_retry(growing, 1, busy, 0).wait == 3s);
  CHECK(decide_retry(growing, 2, busy, 0).wait == 9s);
  CHECK(decide_retry(growing, 3, busy, 0).wait == 20s);
  CHECK(decide_retry(growing, 98, busy, 0).wait == 20s);
}

TEST_CASE("A long series of doublings does not overflow", "[retry]") {
  const retry_options endless{
      .attempts = 1'000'000, .wait = 1h, .backoff = 1e9};
  CHECK(decide_retry(endless, 999'998, busy, 0).wait == 24h);
}

TEST_CASE("Permanent errors and refusals are not tried again", "[retry]") {
  retry_options options{.attempts = 5};
  CHECK_FALSE(
      decide_retry(options, 0, troupe::permanent_error{"gone"}, 0).again);
  options.when = [](const error& why) { return why.message() == "busy"; };
  CHECK(decide_retry(options, 0, busy, 0).again);
  CHECK_FALSE(
      decide_retry(options, 0, error{errc::node_threw, "lost"}, 0).again);
}

TEST_CASE("Jitter shortens a wait, the same way for the same seed", "[retry]") {
  CHECK(rc::check([] {
    retry_options options{.attempts = 20, .wait = 1s, .backoff = 2};
    const bool is_equal = *rc::gen::arbitrary<bool>();
    options.jitter = is_equal ? troupe::jitter::equal : troupe::jitter::full;
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto attempt = *rc::gen::inRange<std::uint32_t>(0, 15);
    const auto whole = 1s * (1 << attempt);
    const auto decided = decide_retry(options, attempt, busy, seed);
    RC_ASSERT(decided.again);
    RC_ASSERT(decided.wait <= whole);
    RC_ASSERT(decided.wait >= (is_equal ? whole / 2 : 0s));
    RC_ASSERT(decide_retry(options, attempt, busy, seed).wait == decided.wait);
  }));
}

TEST_CASE("A wait is at least what the other side asks for", "[retry]") {
  const retry_options options{.attempts = 3, .wait = 2s, .wait_max = 10s};
  const auto wait_after = [&](troupe::duration asked) {
    auto why = busy;
    return decide_retry(options, 0, why.retry_after(asked), 0).wait;
  };
  CHECK(wait_after(5s) == 5s);
  CHECK(wait_after(1s) == 2s);
  CHECK(wait_after(10s) == 10s);
  CHECK_FALSE(busy.retry_after());
}

TEST_CASE("What many are asked to wait is not waited by all at once",
          "[retry]") {
  const auto how = GENERATE(troupe::jitter::equal, troupe::jitter::full);
  const auto own = GENERATE(0s, 10s, 100s);
  const auto longest = GENERATE(100s, 1000s);
  const retry_options options{
      .attempts = 2, .wait = own, .wait_max = longest, .jitter = how};
  auto why = busy;
  why.retry_after(100s);
  std::set<troupe::duration> waits;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto wait = decide_retry(options, 0, why, seed).wait;
    CHECK(wait >= 100s);
    CHECK(wait <= 100s + std::max(own, 10s));
    waits.insert(wait);
  }
  CHECK(waits.size() == 500);
}

TEST_CASE(
    "Waits of other seeds and attempts have nothing to do with each other",
    "[retry]") {
  const retry_options options{
      .attempts = 100, .wait = 10s, .jitter = troupe::jitter::full};
  std::set<troupe::duration> waits;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint32_t attempt = 0; attempt < 10; ++attempt) {
      waits.insert(decide_retry(options, attempt, busy, seed).wait);
    }
  }
  CHECK(waits.size() == 500);
}

TEST_CASE("A wait before the present is none", "[retry]") {
  auto why = busy;
  why.retry_after(-1h);
  CHECK(decide_retry({.attempts = 2}, 0, why, 0).wait == 0s);
  CHECK(decide_retry({.attempts = 2, .jitter = troupe::jitter::full}, 0, why, 0)
            .wait == 0s);
}

TEST_CASE("Who is asked to wait longer than the longest wait gives up",
          "[retry]") {
  auto why = busy;
  why.retry_after(11s);
  CHECK_FALSE(decide_retry({.attempts = 3, .wait_max = 10s}, 0, why, 0).again);
}

TEST_CASE("Different seeds spread the waits", "[retry]") {
  const retry_options options{
      .attempts = 2, .wait = 1s, .jitter = troupe::jitter::full};
  std::set<troupe::duration> waits;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    waits.insert(decide_retry(options, 0, busy, seed).wait);
  }
  CHECK(waits.size() > 90);
}

TEST_CASE("Retry options out of their bounds are named", "[retry]") {
  const auto only_mistake = [](const retry_options& options) {
    const auto found = mistakes_in(options);
    return found.size() == 1 ? found.front() : std::string{};
  };
  CHECK(mistakes_in(retry_options{}).empty());
  CHECK(only_mistake({.attempts = 0}) ==
        "retry.attempts must be from 1 to 1000000, got 0");
  CHECK(only_mistake({.attempts = 1'000'001}).find("1000001") !=
        std::string::npos);
  CHECK(only_mistake({.wait = -1ms}) == "retry.wait must not be negative");
  CHECK(only_mistake({.backoff = 0.5}).find("at least 1") != std::string::npos);
  CHECK(only_mistake({.backoff = std::numeric_limits<double>::quiet_NaN()})
            .find("backoff") != std::string::npos);
  CHECK(only_mistake({.wait = 2s, .wait_max = 1s}) ==
        "retry.wait must not be longer than retry.wait_max");
  CHECK(troupe::mistakes_in({.attempts = 0, .wait = -1s, .wait_max = -1s})
            .size() == 3);
}
