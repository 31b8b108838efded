#include "support/catch.hpp"

#include <troupe/store/retention.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::retention;
using troupe::detail::ended_run;
using troupe::detail::first_entry_to_keep;
using troupe::detail::runs_to_purge;
using names = std::vector<std::string>;

namespace {

constexpr std::int64_t now_ms = 100'000;

names purged(std::vector<ended_run> runs, const retention& rule) {
  return runs_to_purge(std::move(runs), now_ms,
                       [&](std::string_view) { return rule; });
}

/// "a" ended first, "d" last, a second ago.
std::vector<ended_run> four() {
  return {{"c", "f", 98'000, 10},
          {"a", "f", 96'000, 10},
          {"d", "f", 99'000, 10},
          {"b", "f", 97'000, 10}};
}

}  // namespace

TEST_CASE("without a bound all runs are kept") {
  CHECK(purged(four(), {}).empty());
  CHECK(purged({}, {.max_runs = 0}).empty());
}

TEST_CASE("runs go that ended too long ago") {
  CHECK(purged(four(), {.max_age = 2s}) == names{"a", "b"});
  CHECK(purged(four(), {.max_age = 0s}) == names{"a", "b", "c", "d"});
}

TEST_CASE("a run of the future has no age") {
  CHECK(purged({{"a", "f", now_ms + 1, 1}}, {.max_age = 0s}).empty());
  constexpr auto first = std::numeric_limits<std::int64_t>::min();
  CHECK(purged({{"a", "f", first, 1}}, {.max_age = 1s}) == names{"a"});
}

TEST_CASE("the latest runs are kept") {
  CHECK(purged(four(), {.max_runs = 3}) == names{"a"});
  CHECK(purged(four(), {.max_runs = 4}).empty());
  CHECK(purged(four(), {.max_runs = 0}) == names{"a", "b", "c", "d"});
}

TEST_CASE("runs are kept up to a number of bytes") {
  CHECK(purged(four(), {.max_bytes = 39}) == names{"a"});
  CHECK(purged(four(), {.max_bytes = 40}).empty());
  auto uneven = four();
  uneven[3].bytes = 100;
  CHECK(purged(uneven, {.max_bytes = 30}) == names{"a", "b"});
  uneven[3].bytes = std::numeric_limits<std::uint64_t>::max();
  CHECK(purged(uneven, {.max_bytes = 30}) == names{"a", "b"});
}

TEST_CASE("each flow has bounds of its own") {
  auto runs = four();
  runs[0].flow = "other";
  runs[1].flow = "other";
  const auto rule = [](std::string_view flow) {
    return flow == "f" ? retention{.max_runs = 1} : retention{};
  };
  CHECK(runs_to_purge(runs, now_ms, rule) == names{"b"});
}

TEST_CASE("the history keeps the snapshot below its first step") {
  const std::vector<troupe::detail::snapshot_place> snapshots{
      {20, 9}, {40, 19}, {60, 29}};
  CHECK(first_entry_to_keep(snapshots, 30, 10) == 40);
  CHECK(first_entry_to_keep(snapshots, 30, 11) == 40);
  CHECK(first_entry_to_keep(snapshots, 30, 12) == 20);
  CHECK(first_entry_to_keep(snapshots, 30, 0) == 60);
  CHECK(first_entry_to_keep(snapshots, 30, 30) == 0);
  CHECK(first_entry_to_keep(snapshots, 30, 25) == 0);
  CHECK(first_entry_to_keep({}, 30, 1) == 0);
}
