// When a lease is over although nobody said so.

#include "support/catch.hpp"

#include <troupe/detail/lease_table.hpp>

#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::duration;
using troupe::time_point;
using order_kind = lease_order::kind;

namespace {

constexpr time_point opened{1h};
constexpr worker_id ann{1};
constexpr worker_id bob{2};
constexpr work_id job{1};

std::vector<lease_order> orders(lease_table& from) {
  std::vector<lease_order> all;
  while (const auto each = from.next()) all.push_back(*each);
  return all;
}

/// A table whose only worker has the only work.
lease_table with_ann(lease_options options) {
  lease_table made{options};
  made.advance(opened);
  made.join(ann, {}, opened);
  made.add(job, "", opened);
  REQUIRE(orders(made) ==
          std::vector<lease_order>{{order_kind::give, ann, {job, 1}}});
  return made;
}

}  // namespace

TEST_CASE("Words that waited long do not tell of a lease that came meanwhile",
          "[lease_table]") {
  auto table = with_ann({.silence_max = 1h, .arrival_max = 1s});
  // Two seconds on the way, behind large results.
  table.hear(ann, {}, opened + 2s, opened);
  CHECK(orders(table).empty());
  table.hear(ann, {}, opened + 3s, opened + 999ms);
  CHECK(orders(table).empty());
  CHECK(table.settle(ann, {job, 1}, opened + 3s));
}

TEST_CASE("A result is refused before its lease is given", "[lease_table]") {
  lease_table table;
  table.add(job, "", opened);
  table.join(ann, {}, opened);
  // The order to give it is there, but nobody has taken it.
  CHECK_FALSE(table.settle(ann, {job, 1}, opened));
  CHECK(orders(table) ==
        std::vector<lease_order>{{order_kind::give, ann, {job, 1}}});
  CHECK(table.settle(ann, {job, 1}, opened));
}

TEST_CASE("Work does not fail of workers that are only parted with",
          "[lease_table]") {
  auto table = with_ann({.deaths_max = 2});
  auto now = opened;
  for (std::uint64_t i = 2; i < 20; ++i) {
    table.leave(worker_id{i - 1}, now);
    table.join(worker_id{i}, {}, now);
    now += lease_table::lost_pause;
    table.advance(now);
    CHECK(orders(table).back().what == order_kind::give);
  }
  CHECK(table.unfinished() == 1);
}

TEST_CASE("A silence without end never ends, and costs no looks",
          "[lease_table]") {
  auto table = with_ann(
      {.silence_max = duration::max(), .twice_after = duration::max()});
  CHECK(table.due() > opened);
  table.advance(opened + 24h);
  CHECK(table.due() > opened + 24h);
  CHECK(orders(table).empty());
}

TEST_CASE("Nobody is dismissed after a stop of the supervisor itself",
          "[lease_table]") {
  lease_table table{{.silence_max = 2s}};
  table.advance(opened);
  table.join(ann, {}, opened);
  table.join(bob, {}, opened);
  const auto woken = opened + 1h;
  table.advance(woken);
  CHECK(orders(table).empty());
  CHECK(table.due() > woken);
  table.hear(ann, {}, woken + 10ms, woken);
  while (table.due() <= woken + 1s) table.advance(table.due());
  CHECK(orders(table) ==
        std::vector<lease_order>{{order_kind::dismiss, bob, {}}});
}

TEST_CASE("A look is due eight times in the longest silence", "[lease_table]") {
  lease_table table{{.silence_max = 2s}};
  table.advance(opened);
  CHECK(table.due() == opened + 250ms);
}
