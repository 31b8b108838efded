// The end of a lease that nobody announced.

#include "leases/lease_table.hpp"
#include "support/catch.hpp"
#include "support/checked.hpp"

#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::duration;
using troupe::time_point;
using troupe_test::checked;
using order_kind = lease_order::kind;

namespace {

constexpr time_point begun_at{1h};
constexpr worker_id amy{1};
constexpr worker_id ben{2};
constexpr work_id only_job{1};

std::vector<lease_order> orders_left(lease_table& from) {
  std::vector<lease_order> all;
  while (const auto each = from.next()) all.push_back(*each);
  return all;
}

/// A table whose only worker has the only work.
checked<lease_table> with_ann(lease_options options) {
  checked<lease_table> made{options};
  made.advance(begun_at);
  made.join(amy, {}, begun_at);
  made.add(only_job, "", begun_at);
  REQUIRE(orders_left(made) ==
          std::vector<lease_order>{{order_kind::give, amy, {only_job, 1}}});
  return made;
}

}  // namespace

TEST_CASE("Words that waited long do not tell of a lease that came meanwhile",
          "[lease_table]") {
  auto table = with_ann({.silence_max = 1h, .arrival_max = 1s});
  // Two seconds on the way, behind large results.
  table->hear(amy, {}, begun_at + 2s, begun_at);
  CHECK(orders_left(table).empty());
  table->hear(amy, {}, begun_at + 3s, begun_at + 999ms);
  CHECK(orders_left(table).empty());
  CHECK(table->settle(amy, {only_job, 1}, begun_at + 3s));
}

TEST_CASE("A result is refused before its lease is given", "[lease_table]") {
  checked<lease_table> table;
  table->add(only_job, "", begun_at);
  table->join(amy, {}, begun_at);
  // The order to give it is there, but nobody has taken it.
  CHECK_FALSE(table->settle(amy, {only_job, 1}, begun_at));
  CHECK(orders_left(table) ==
        std::vector<lease_order>{{order_kind::give, amy, {only_job, 1}}});
  CHECK(table->settle(amy, {only_job, 1}, begun_at));
}

TEST_CASE("Work does not fail of workers that are only parted with",
          "[lease_table]") {
  auto table = with_ann({.deaths_max = 2});
  auto now = begun_at;
  for (std::uint64_t i = 2; i < 20; ++i) {
    table->leave(worker_id{i - 1}, now);
    table->join(worker_id{i}, {}, now);
    now += lease_table::lost_pause;
    table->advance(now);
    CHECK(orders_left(table).back().what == order_kind::give);
  }
  CHECK(table->unfinished() == 1);
}

TEST_CASE("A silence without end never ends, and costs no looks",
          "[lease_table]") {
  auto table = with_ann(
      {.silence_max = duration::max(), .twice_after = duration::max()});
  CHECK(table->due() > begun_at);
  table->advance(begun_at + 24h);
  CHECK(table->due() > begun_at + 24h);
  CHECK(orders_left(table).empty());
}

TEST_CASE("Nobody is dismissed after a stop of the supervisor itself",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->advance(begun_at);
  table->join(amy, {}, begun_at);
  table->join(ben, {}, begun_at);
  const auto woken = begun_at + 1h;
  table->advance(woken);
  CHECK(orders_left(table).empty());
  CHECK(table->due() > woken);
  table->hear(amy, {}, woken + 10ms, woken);
  while (table->due() <= woken + 1s) table->advance(table->due());
  CHECK(orders_left(table) ==
        std::vector<lease_order>{{order_kind::dismiss, ben, {}}});
}

TEST_CASE("A look is due eight times in the longest silence", "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->advance(begun_at);
  CHECK(table->due() == begun_at + 250ms);
}

TEST_CASE("A quiet worker of which anything is heard gets work again",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->advance(begun_at);
  table->join(amy, {}, begun_at);
  table->add(only_job, "", begun_at + 1s);
  CHECK(orders_left(table).empty());
  table->notice(amy, begun_at + 1500ms);
  CHECK(orders_left(table) ==
        std::vector<lease_order>{{order_kind::give, amy, {only_job, 1}}});
}

TEST_CASE("Of two workers one that fails leaves the work to the other",
          "[lease_table]") {
  auto table = with_ann({.silence_max = 1h, .twice_after = 1s});
  const lease first{only_job, 1};
  const lease second{only_job, 2};
  table->join(ben, {}, begun_at);
  CHECK_FALSE(table->leave_to_other(amy, first, begun_at));
  table->advance(begun_at + 1s);
  REQUIRE(orders_left(table) ==
          std::vector<lease_order>{{order_kind::give, ben, second}});
  SECTION("the second") {
    CHECK(table->leave_to_other(ben, second, begun_at + 2s));
    CHECK(table->held_by(ben) == 0);
    // It is not given a third time, as long as the first has it.
    table->advance(begun_at + 100s);
    CHECK(orders_left(table).empty());
    CHECK_FALSE(table->leave_to_other(amy, first, begun_at + 101s));
    CHECK(table->settle(amy, first, begun_at + 101s));
  }
  SECTION("the first") {
    CHECK(table->leave_to_other(amy, first, begun_at + 2s));
    CHECK_FALSE(table->settle(amy, first, begun_at + 2s));
    CHECK(table->is_first(ben, second));
    CHECK(table->settle(ben, second, begun_at + 3s));
  }
  SECTION("and the other is lost") {
    CHECK(table->leave_to_other(ben, second, begun_at + 2s));
    table->lose(amy, begun_at + 3s);
    table->advance(begun_at + 4s);
    CHECK(orders_left(table) ==
          std::vector<lease_order>{{order_kind::give, ben, {only_job, 3}}});
  }
}
