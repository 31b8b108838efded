#include "leases/lease_table.hpp"

#include "support/catch.hpp"
#include "support/checked.hpp"

#include <chrono>
#include <span>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::time_point;
using troupe_test::checked;
using order_kind = lease_order::kind;

namespace {

constexpr time_point opened{1h};
constexpr worker_id ann{1};
constexpr worker_id bob{2};

constexpr work_id job(std::uint64_t number) { return work_id{number}; }

std::vector<lease_order> orders(lease_table& from) {
  std::vector<lease_order> all;
  while (const auto each = from.next()) all.push_back(*each);
  return all;
}

/// Returns the lease that is given, as "worker:work.epoch".
std::string given(lease_table& from) {
  std::string words;
  for (const auto& each : orders(from)) {
    REQUIRE(each.what == order_kind::give);
    if (!words.empty()) words += ' ';
    words += std::to_string(static_cast<int>(each.worker)) + ":" +
             std::to_string(static_cast<int>(each.lease.work)) + "." +
             std::to_string(each.lease.epoch);
  }
  return words;
}

/// A beat that comes at once.
void hear(lease_table& by, worker_id who, std::span<const lease> held,
          time_point now) {
  by.hear(who, held, now, now);
}

/// Looks whenever it is due, as a gateway does. When it is due next.
time_point time_passes(lease_table& in, time_point from, time_point until) {
  in.advance(from);
  while (in.due() <= until) in.advance(in.due());
  return in.due();
}

void add_jobs(lease_table& to, std::uint64_t count) {
  for (std::uint64_t i = 1; i <= count; ++i) to.add(job(i), "", opened);
}

}  // namespace

TEST_CASE("Work waits for a worker, and goes out in its order",
          "[lease_table]") {
  checked<lease_table> table;
  add_jobs(table, 3);
  CHECK(given(table).empty());
  table->join(ann, {.capacity = 2}, opened);
  CHECK(given(table) == "1:1.1 1:2.1");
  CHECK(table->settle(ann, {job(1), 1}, opened));
  CHECK(given(table) == "1:3.1");
  CHECK(table->unfinished() == 2);
}

TEST_CASE("Who has the largest share free is given the next", "[lease_table]") {
  checked<lease_table> table;
  table->join(ann, {.capacity = 2}, opened);
  table->join(bob, {.capacity = 4}, opened);
  add_jobs(table, 7);
  CHECK(given(table) == "1:1.1 2:2.1 2:3.1 1:4.1 2:5.1 2:6.1");
  CHECK(table->held_by(ann) == 2);
  CHECK(table->held_by(bob) == 4);
}

TEST_CASE("Work with a label goes to workers that have it", "[lease_table]") {
  checked<lease_table> table;
  table->join(ann, {.capacity = 9}, opened);
  table->add(job(1), "gpu", opened);
  table->add(job(2), "", opened);
  CHECK(given(table) == "1:2.1");
  table->join(bob, {.capacity = 9, .labels = {"gpu"}}, opened);
  CHECK(given(table) == "2:1.1");
}

TEST_CASE("What a lost worker held is for others, after a pause",
          "[lease_table]") {
  checked<lease_table> table;
  table->advance(opened);
  table->join(ann, {.capacity = 2}, opened);
  add_jobs(table, 3);
  CHECK(given(table) == "1:1.1 1:2.1");
  table->lose(ann, opened);
  CHECK(table->waiting() == 3);
  table->join(bob, {.capacity = 3}, opened);
  CHECK(given(table) == "2:3.1");
  CHECK(table->due() == opened + lease_table::lost_pause);
  table->advance(opened + lease_table::lost_pause - 1ms);
  CHECK(given(table).empty());
  table->advance(opened + lease_table::lost_pause);
  CHECK(given(table) == "2:1.2 2:2.2");
  CHECK(table->waiting() == 0);
}

TEST_CASE("Work is not given from one lost worker to the next",
          "[lease_table]") {
  const auto width = GENERATE(as<std::uint64_t>{}, 1, 2, 3, 8);
  checked<lease_table> table{{.deaths_max = 2}};
  table->add(job(1), "", opened);
  for (std::uint64_t i = 1; i <= width; ++i) {
    table->join(worker_id{i}, {}, opened);
  }
  CHECK(given(table) == "1:1.1");
  for (std::uint64_t i = 1; i <= width; ++i) table->lose(worker_id{i}, opened);
  CHECK(orders(table).empty());
  table->advance(opened + lease_table::lost_pause);
  table->join(worker_id{9}, {}, opened + 1s);
  CHECK(given(table) == "9:1.2");
}

TEST_CASE("Work that is cancelled in such a pause leaves nothing",
          "[lease_table]") {
  checked<lease_table> table;
  table->join(ann, {}, opened);
  add_jobs(table, 1);
  CHECK(given(table) == "1:1.1");
  table->lose(ann, opened);
  table->cancel(job(1), opened);
  CHECK(table->waiting() == 0);
  table->join(bob, {}, opened);
  table->advance(opened + lease_table::lost_pause);
  CHECK(orders(table).empty());
}

TEST_CASE("The result of a lease that stands no more is refused",
          "[lease_table]") {
  checked<lease_table> table;
  table->join(ann, {.capacity = 1}, opened);
  add_jobs(table, 1);
  table->lose(ann, opened);
  table->join(bob, {.capacity = 1}, opened);
  table->advance(opened + lease_table::lost_pause);
  CHECK(given(table) == "1:1.1 2:1.2");
  CHECK_FALSE(table->settle(ann, {job(1), 1}, opened));
  CHECK_FALSE(table->settle(bob, {job(1), 1}, opened));
  CHECK(table->settle(bob, {job(1), 2}, opened));
  CHECK_FALSE(table->settle(bob, {job(1), 2}, opened));
  CHECK(table->unfinished() == 0);
}

TEST_CASE("A worker that says nothing is dismissed", "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->join(ann, {.capacity = 1}, opened);
  table->add(job(1), "", opened);
  CHECK(given(table) == "1:1.1");
  table->join(bob, {.capacity = 1}, opened + 1500ms);
  CHECK(time_passes(table, opened, opened + 2s - 1ms) == opened + 2s);
  CHECK(orders(table).empty());
  table->advance(opened + 2s);
  CHECK(orders(table) ==
        std::vector<lease_order>{{order_kind::dismiss, ann, {}, {}, {job(1)}},
                                 {order_kind::give, bob, {job(1), 2}}});
  CHECK(table->workers() == 1);
  // It may not have heard of that.
  hear(table, ann, {}, opened + 3s);
  CHECK(orders(table) ==
        std::vector<lease_order>{{order_kind::dismiss, ann, {}}});
}

TEST_CASE("A worker whose results come is not dismissed", "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->join(ann, {.capacity = 2}, opened);
  add_jobs(table, 2);
  CHECK(given(table) == "1:1.1 1:2.1");
  CHECK(table->settle(ann, {job(1), 1}, opened + 1s));
  time_passes(table, opened, opened + 3s - 1ms);
  CHECK(orders(table).empty());
}

TEST_CASE("A worker that has become quiet gets nothing new until it is heard",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 2s}};
  table->join(ann, {.capacity = 9}, opened);
  table->join(bob, {.capacity = 1}, opened);
  hear(table, bob, {}, opened + 1s);
  table->add(job(1), "", opened + 1s);
  CHECK(given(table) == "2:1.1");
  table->add(job(2), "", opened + 1s);
  CHECK(given(table).empty());
  hear(table, ann, {}, opened + 1500ms);
  CHECK(given(table) == "1:2.1");
}

TEST_CASE("What is on its way to a worker is no more than it can take soon",
          "[lease_table]") {
  checked<lease_table> table{{.bytes_under_way_max = 100}};
  table->join(ann, {.capacity = 9}, opened);
  for (std::uint64_t i = 1; i <= 4; ++i) table->add(job(i), "", opened, 50);
  CHECK(given(table) == "1:1.1 1:2.1");
  SECTION("until it says that it has it") {
    const std::vector<lease> held{{job(1), 1}};
    hear(table, ann, held, opened);
    CHECK(given(table) == "1:3.1");
    hear(table, ann, held, opened);
    CHECK(given(table).empty());
  }
  SECTION("until it is done with it") {
    CHECK(table->settle(ann, {job(2), 1}, opened));
    CHECK(given(table) == "1:3.1");
  }
}

TEST_CASE("What is larger than that goes to a worker alone", "[lease_table]") {
  checked<lease_table> table{{.bytes_under_way_max = 100}};
  table->join(ann, {.capacity = 9}, opened);
  table->join(bob, {.capacity = 9}, opened);
  for (std::uint64_t i = 1; i <= 3; ++i) table->add(job(i), "", opened, 500);
  CHECK(given(table) == "1:1.1 2:2.1");
}

TEST_CASE("What goes along with a lease is under way as well",
          "[lease_table]") {
  checked<lease_table> table{{.bytes_under_way_max = 100}};
  table->join(ann, {.capacity = 9}, opened);
  table->add(job(1), "", opened, 10);
  CHECK(given(table) == "1:1.1");
  table->send_along(ann, {job(1), 1}, 500);
  table->add(job(2), "", opened, 10);
  CHECK(given(table).empty());
  const std::vector<lease> held{{job(1), 1}};
  hear(table, ann, held, opened);
  CHECK(given(table) == "1:2.1");
}

TEST_CASE("What is large has longer to arrive", "[lease_table]") {
  checked<lease_table> table{{.silence_max = 1h, .arrival_max = 1s}};
  table->join(ann, {.capacity = 1}, opened);
  table->add(job(1), "", opened, 2'000'000);
  CHECK(given(table) == "1:1.1");
  hear(table, ann, {}, opened + 2900ms);
  CHECK(given(table).empty());
  hear(table, ann, {}, opened + 3s);
  CHECK(given(table) == "1:1.2");
}

TEST_CASE("Work of two labels is given in its order", "[lease_table]") {
  checked<lease_table> table;
  table->add(job(1), "b", opened);
  table->add(job(2), "a", opened);
  table->add(job(3), "b", opened);
  table->join(ann, {.capacity = 3, .labels = {"a", "b"}}, opened);
  CHECK(given(table) == "1:1.1 1:2.1 1:3.1");
}

TEST_CASE("Work that is cancelled while it waits leaves nothing",
          "[lease_table]") {
  checked<lease_table> table;
  add_jobs(table, 3);
  table->cancel(job(2), opened);
  CHECK(table->waiting() == 2);
  table->join(ann, {.capacity = 3}, opened);
  CHECK(given(table) == "1:1.1 1:3.1");
}

TEST_CASE("A lease that did not arrive is given again", "[lease_table]") {
  checked<lease_table> table{{.arrival_max = 1s}};
  table->join(ann, {.capacity = 1}, opened);
  add_jobs(table, 1);
  CHECK(given(table) == "1:1.1");
  hear(table, ann, {}, opened + 999ms);
  CHECK(given(table).empty());
  hear(table, ann, {}, opened + 1s);
  CHECK(given(table) == "1:1.2");
  const std::vector held{lease{job(1), 2}};
  hear(table, ann, held, opened + 5s);
  CHECK(given(table).empty());
}

TEST_CASE("What a worker has held once did arrive, whatever comes late",
          "[lease_table]") {
  checked<lease_table> table{{.arrival_max = 1s}};
  table->join(ann, {.capacity = 1}, opened);
  add_jobs(table, 1);
  CHECK(given(table) == "1:1.1");
  hear(table, ann, std::vector{lease{job(1), 1}}, opened + 100ms);
  // Sent before the one above.
  hear(table, ann, {}, opened + 2s);
  CHECK(given(table).empty());
  CHECK(table->settle(ann, {job(1), 1}, opened + 3s));
}

TEST_CASE("Leases that did not arrive are given again in their order",
          "[lease_table]") {
  checked<lease_table> table{{.arrival_max = 1s}};
  table->join(ann, {.capacity = 3}, opened);
  add_jobs(table, 3);
  CHECK(given(table) == "1:1.1 1:2.1 1:3.1");
  hear(table, ann, {}, opened + 1s);
  CHECK(given(table) == "1:1.2 1:2.2 1:3.2");
}

TEST_CASE("A worker is told to drop what it should not hold", "[lease_table]") {
  checked<lease_table> table;
  table->join(ann, {.capacity = 2}, opened);
  add_jobs(table, 1);
  CHECK(given(table) == "1:1.1");
  table->cancel(job(1), opened);
  const lease old{job(1), 1};
  CHECK(orders(table) ==
        std::vector<lease_order>{{order_kind::take_back, ann, old}});
  // That message was lost.
  hear(table, ann, std::vector{old}, opened + 1s);
  CHECK(orders(table) ==
        std::vector<lease_order>{{order_kind::take_back, ann, old}});
  CHECK_FALSE(table->settle(ann, old, opened + 1s));
}

TEST_CASE("Work that workers die of is not given away for ever",
          "[lease_table]") {
  checked<lease_table> table{{.deaths_max = 2}};
  add_jobs(table, 1);
  table->join(ann, {}, opened);
  CHECK(given(table) == "1:1.1");
  table->lose(ann, opened);
  table->join(bob, {}, opened);
  table->advance(opened + lease_table::lost_pause);
  CHECK(given(table) == "2:1.2");
  table->lose(bob, opened);
  const lease_order failed{order_kind::fail, bob, {job(1), 2}, {.gone = 2}};
  CHECK(orders(table) == std::vector{failed});
  CHECK(table->unfinished() == 0);
}

TEST_CASE("A worker that drains keeps what it has, and gets no more",
          "[lease_table]") {
  checked<lease_table> table;
  table->join(ann, {.capacity = 2}, opened);
  table->add(job(1), "", opened);
  table->drain(ann);
  table->add(job(2), "", opened);
  CHECK(given(table) == "1:1.1");
  CHECK(table->settle(ann, {job(1), 1}, opened));
  CHECK(given(table).empty());
}

TEST_CASE("A beat with many leases that do not stand is answered bit by bit",
          "[lease_table]") {
  checked<lease_table> table{{.taken_back_max = 2}};
  table->join(ann, {.capacity = 1}, opened);
  std::vector<lease> held;
  for (std::uint64_t i = 1; i <= 5; ++i) held.push_back({job(i), 1});
  hear(table, ann, held, opened);
  CHECK(orders(table).size() == 2);
  held.erase(held.begin(), held.begin() + 2);
  hear(table, ann, held, opened);
  CHECK(orders(table).size() == 2);
}
