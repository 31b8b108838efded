// Exactly when a lease_table does what it does.

#include "leases/lease_table.hpp"
#include "support/catch.hpp"
#include "support/checked.hpp"

#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::time_point;
using troupe_test::checked;

namespace {

constexpr time_point zero_hour{1h};
constexpr worker_id joe{1};
constexpr worker_id sue{2};

bool dismisses(lease_table& from) {
  bool found = false;
  while (const auto each = from.next()) {
    found |= each->what == lease_order::kind::dismiss;
  }
  return found;
}

bool gives(lease_table& from, worker_id to, lease which) {
  const auto first = from.next();
  return first && *first == lease_order{lease_order::kind::give, to, which} &&
         !from.next();
}

}  // namespace

TEST_CASE("A gap of more than three looks is a stop of the supervisor",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->join(joe, {}, zero_hour);
  table->advance(zero_hour);
  SECTION("three are none") {
    table->advance(zero_hour + 500ms);
    table->advance(zero_hour + 1250ms);
    CHECK_FALSE(dismisses(table));
    table->advance(zero_hour + 2s);
    CHECK(dismisses(table));
  }
  SECTION("and without one a worker is silent at once") {
    table->advance(zero_hour + 700ms);
    table->advance(zero_hour + 1400ms);
    table->advance(zero_hour + 2s - 1ns);
    CHECK_FALSE(dismisses(table));
    table->advance(zero_hour + 2s);
    CHECK(dismisses(table));
  }
  SECTION("of more, all are given a look to be heard") {
    table->advance(zero_hour + 700ms);
    table->advance(zero_hour + 1300ms);
    const auto back = zero_hour + 2050ms + 1ns;
    table->advance(back);
    CHECK_FALSE(dismisses(table));
    CHECK(table->due() == back + 250ms);
    table->advance(back + 250ms - 1ns);
    CHECK_FALSE(dismisses(table));
    table->advance(back + 250ms);
    CHECK(dismisses(table));
  }
}

TEST_CASE("A worker is quiet after half of the longest silence",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->join(joe, {.capacity = 2}, zero_hour);
  table->add(work_id{1}, "", zero_hour + 1s - 1ns);
  CHECK(gives(table, joe, {work_id{1}, 1}));
  table->add(work_id{2}, "", zero_hour + 1s);
  CHECK_FALSE(table->next());
  // A word of one that is not quiet gives nothing by itself.
  table->notice(joe, zero_hour + 1s);
  CHECK(gives(table, joe, {work_id{2}, 1}));
}

TEST_CASE("As many bytes may be under way as there is room for",
          "[lease_table]") {
  checked<lease_table> table{{.bytes_under_way_max = 100}};
  table->join(joe, {.capacity = 9}, zero_hour);
  table->add(work_id{1}, "", zero_hour, 40);
  CHECK(gives(table, joe, {work_id{1}, 1}));
  table->add(work_id{2}, "", zero_hour, 61);
  CHECK_FALSE(table->next());
  table->add(work_id{3}, "gpu", zero_hour, 1);
  table->cancel(work_id{2}, zero_hour);
  table->add(work_id{4}, "", zero_hour, 60);
  CHECK(gives(table, joe, {work_id{4}, 1}));
}

TEST_CASE("An order that is old tells nothing of a newer lease",
          "[lease_table]") {
  checked<lease_table> table{{.arrival_max = 1s}};
  table->join(joe, {}, zero_hour);
  table->add(work_id{1}, "", zero_hour);
  table->hear(joe, {}, zero_hour + 1s, zero_hour + 1s);
  CHECK(table->next()->lease == lease{work_id{1}, 1});
  CHECK_FALSE(table->settle(joe, {work_id{1}, 2}, zero_hour + 1s));
  CHECK(table->next()->lease == lease{work_id{1}, 2});
  CHECK(table->settle(joe, {work_id{1}, 2}, zero_hour + 1s));
}

TEST_CASE("Work is cancelled wherever it waits", "[lease_table]") {
  checked<lease_table> table;
  table->add(work_id{1}, "gpu", zero_hour);
  table->add(work_id{2}, "", zero_hour);
  table->add(work_id{3}, "", zero_hour);
  auto now = zero_hour;
  for (std::uint64_t i = 5; i <= 6; ++i) {
    table->join(worker_id{i}, {.capacity = 2}, now);
    table->lose(worker_id{i}, now);
    now += lease_table::lost_pause;
    if (i == 5) table->advance(now);
  }
  // Both are suspected now, and wait for the end of their pause.
  table->cancel(work_id{2}, now);
  CHECK(table->waiting() == 2);
  table->advance(now);
  table->cancel(work_id{3}, now);
  CHECK(table->waiting() == 1);
  table->cancel(work_id{1}, now);
  CHECK(table->waiting() == 0);
  CHECK(table->unfinished() == 0);
  while (table->next()) {
  }
  table->join(joe, {.capacity = 9, .labels = {"gpu"}}, now);
  CHECK_FALSE(table->next());
}

TEST_CASE("Suspects of each label wait for a worker of it", "[lease_table]") {
  checked<lease_table> table;
  auto now = zero_hour;
  const worker_offer both{.capacity = 2, .labels = {"a", "b"}};
  table->add(work_id{1}, "a", now);
  table->add(work_id{2}, "b", now);
  for (std::uint64_t i = 5; i <= 6; ++i) {
    table->join(worker_id{i}, both, now);
    table->lose(worker_id{i}, now);
    now += lease_table::lost_pause;
    table->advance(now);
  }
  while (table->next()) {
  }
  CHECK(table->waiting() == 2);
  table->join(joe, {.capacity = 2, .labels = {"b"}}, now);
  CHECK(gives(table, joe, {work_id{2}, 3}));
  CHECK(table->waiting() == 1);
  table->join(sue, both, now);
  CHECK(gives(table, sue, {work_id{1}, 3}));
  // Nothing else goes to them meanwhile.
  table->add(work_id{3}, "", now);
  CHECK_FALSE(table->next());
}

TEST_CASE("Nothing is known of workers that are not there", "[lease_table]") {
  checked<lease_table> table;
  CHECK(table->held_by(joe) == 0);
  CHECK(table->work_of(joe).empty());
  table->drain(joe);
  table->notice(joe, zero_hour);
  table->stay(joe, zero_hour);
  table->lose(joe, zero_hour);
  table->leave(joe, zero_hour);
  table->cancel(work_id{1}, zero_hour);
  CHECK(table->workers() == 0);
  CHECK_FALSE(table->next());
}
