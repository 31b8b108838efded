// Work that takes long is given to a second worker.

#include "leases/lease_table.hpp"
#include "support/catch.hpp"
#include "support/checked.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::time_point;
using troupe_test::checked;

namespace {

constexpr time_point at_first{1h};
constexpr worker_id kim{1};
constexpr worker_id lee{2};

constexpr work_id task_of(std::uint64_t number) { return work_id{number}; }

std::vector<lease_order> told_by(lease_table& from) {
  std::vector<lease_order> all;
  while (const auto each = from.next()) all.push_back(*each);
  return all;
}

/// The given leases, as "worker:work.epoch".
std::string given_by(lease_table& from) {
  std::string words;
  for (const auto& each : told_by(from)) {
    REQUIRE(each.what == lease_order::kind::give);
    if (!words.empty()) words += ' ';
    words += std::to_string(static_cast<int>(each.worker)) + ":" +
             std::to_string(static_cast<int>(each.lease.work)) + "." +
             std::to_string(each.lease.epoch);
  }
  return words;
}

/// A table with two workers, which both have the only work.
checked<lease_table> with_both() {
  checked<lease_table> made{{.silence_max = 1h, .twice_after = 1s}};
  made->join(kim, {.capacity = 2}, at_first);
  made->join(lee, {.capacity = 2}, at_first);
  made->add(task_of(1), "", at_first);
  made->advance(at_first + 1s);
  REQUIRE(given_by(made) == "1:1.1 2:1.2");
  return made;
}

}  // namespace

TEST_CASE("Slow work is given to a second worker, and the first result counts",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 1h, .twice_after = 10s}};
  table->advance(at_first);
  table->join(kim, {.capacity = 1}, at_first);
  table->add(task_of(1), "", at_first);
  CHECK(given_by(table) == "1:1.1");
  CHECK(table->due() == at_first + 10s);
  table->advance(at_first + 10s);
  // There is nobody else, so that it is looked for later.
  CHECK(given_by(table).empty());
  CHECK(table->due() == at_first + 20s);
  table->join(lee, {.capacity = 1}, at_first + 11s);
  table->advance(at_first + 20s);
  CHECK(given_by(table) == "2:1.2");
  table->advance(at_first + 100s);
  CHECK(given_by(table).empty());
  CHECK(table->settle(kim, {task_of(1), 1}, at_first + 101s));
  CHECK(told_by(table) ==
        std::vector<lease_order>{
            {lease_order::kind::take_back, lee, {task_of(1), 2}}});
  CHECK_FALSE(table->settle(lee, {task_of(1), 2}, at_first + 102s));
}

TEST_CASE("Work that two workers have survives the loss of one",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 1h, .twice_after = 1s}};
  table->join(kim, {.capacity = 1}, at_first);
  table->join(lee, {.capacity = 1}, at_first);
  table->add(task_of(1), "", at_first);
  table->advance(at_first + 1s);
  CHECK(given_by(table) == "1:1.1 2:1.2");
  table->lose(kim, at_first + 1s);
  CHECK(given_by(table).empty());
  CHECK(table->settle(lee, {task_of(1), 2}, at_first + 2s));
}

TEST_CASE("Only what has taken so long is given to a second worker",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 1h, .twice_after = 10s}};
  table->join(kim, {.capacity = 2}, at_first);
  table->add(task_of(1), "", at_first);
  table->add(task_of(2), "", at_first + 1s);
  CHECK(given_by(table) == "1:1.1 1:2.1");
  table->join(lee, {.capacity = 2}, at_first + 2s);
  table->advance(at_first + 10s);
  CHECK(given_by(table) == "2:1.2");
  table->advance(at_first + 20s);
  CHECK(given_by(table) == "2:2.2");
}

TEST_CASE("Of two workers the first is the one to show what it does",
          "[lease_table]") {
  auto table = with_both();
  CHECK(table->holders(task_of(1)) == 2);
  CHECK(table->holders(task_of(9)) == 0);
  CHECK(table->is_first(kim, {task_of(1), 1}));
  CHECK_FALSE(table->is_first(kim, {task_of(1), 2}));
  CHECK_FALSE(table->is_first(lee, {task_of(1), 2}));
  CHECK_FALSE(table->is_first(lee, {task_of(1), 1}));
  CHECK_FALSE(table->is_first(kim, {task_of(9), 1}));
  table->drain(kim);
  table->drain(lee);
  table->add(task_of(2), "", at_first + 1s);
  CHECK_FALSE(table->is_first(kim, {task_of(2), 0}));
}

TEST_CASE("Each of two workers settles its own lease only", "[lease_table]") {
  auto table = with_both();
  CHECK_FALSE(table->settle(kim, {task_of(1), 2}, at_first + 2s));
  CHECK_FALSE(table->settle(lee, {task_of(1), 1}, at_first + 2s));
  CHECK_FALSE(table->settle(worker_id{9}, {task_of(1), 1}, at_first + 2s));
  CHECK_FALSE(table->leave_to_other(kim, {task_of(1), 2}, at_first + 2s));
  CHECK_FALSE(table->leave_to_other(lee, {task_of(1), 1}, at_first + 2s));
  CHECK_FALSE(table->leave_to_other(kim, {task_of(9), 1}, at_first + 2s));
  CHECK(table->held_by(kim) == 1);
  CHECK(table->held_by(lee) == 1);
  CHECK(table->settle(lee, {task_of(1), 2}, at_first + 2s));
}

TEST_CASE("A lease that nobody was told to give does not count as one of two",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 1h, .twice_after = 1s}};
  table->join(kim, {}, at_first);
  table->join(lee, {}, at_first);
  table->add(task_of(1), "", at_first);
  CHECK(given_by(table) == "1:1.1");
  table->advance(at_first + 1s);
  CHECK_FALSE(table->leave_to_other(lee, {task_of(1), 2}, at_first + 1s));
  CHECK_FALSE(table->settle(lee, {task_of(1), 2}, at_first + 1s));
  CHECK(given_by(table) == "2:1.2");
}

TEST_CASE("What goes along with one of two leases is not on the other's way",
          "[lease_table]") {
  checked<lease_table> table{
      {.silence_max = 1h, .bytes_under_way_max = 100, .twice_after = 1s}};
  table->join(kim, {.capacity = 2}, at_first);
  table->join(lee, {.capacity = 2}, at_first);
  table->add(task_of(1), "", at_first, 10);
  table->advance(at_first + 1s);
  CHECK(given_by(table) == "1:1.1 2:1.2");
  table->send_along(lee, {task_of(1), 2}, 90);
  table->add(task_of(2), "", at_first + 1s, 90);
  CHECK(given_by(table) == "1:2.1");
  // It has arrived, so that nothing of it is under way.
  table->hear(lee, std::vector{lease{task_of(1), 2}}, at_first + 1s,
              at_first + 1s);
  table->send_along(lee, {task_of(1), 2}, 90);
  table->add(task_of(3), "", at_first + 1s, 90);
  CHECK(given_by(table) == "2:3.1");
}

TEST_CASE("A worker that fails with one of two leases lives, and gets more",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 4s, .twice_after = 1s}};
  table->advance(at_first);
  table->join(kim, {}, at_first);
  table->join(lee, {}, at_first);
  table->add(task_of(1), "", at_first);
  table->add(task_of(2), "", at_first);
  CHECK(given_by(table) == "1:1.1 2:2.1");
  CHECK(table->settle(lee, {task_of(2), 1}, at_first));
  table->advance(at_first + 1s);
  CHECK(given_by(table) == "2:1.2");
  table->add(task_of(3), "", at_first + 1s);
  CHECK(table->leave_to_other(lee, {task_of(1), 2}, at_first + 3s));
  CHECK(given_by(table) == "2:3.1");
  for (auto now = at_first + 1500ms; now <= at_first + 5s; now += 500ms) {
    table->advance(now);
  }
  const auto told = told_by(table);
  REQUIRE(told.size() == 1);
  CHECK(told[0].what == lease_order::kind::dismiss);
  CHECK(told[0].worker == kim);
}

TEST_CASE("What is suspected is not given to a second worker",
          "[lease_table]") {
  checked<lease_table> table{{.silence_max = 1h, .twice_after = 1s}};
  auto now = at_first;
  table->add(task_of(1), "", now);
  for (std::uint64_t i = 5; i <= 6; ++i) {
    table->join(worker_id{i}, {}, now);
    table->lose(worker_id{i}, now);
    now += lease_table::lost_pause;
    table->advance(now);
  }
  table->join(kim, {}, now);
  table->join(lee, {}, now);
  CHECK(given_by(table) == "5:1.1 6:1.2 1:1.3");
  table->advance(now + 10s);
  CHECK(given_by(table).empty());
}
