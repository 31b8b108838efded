#include "leases/lease_holder.hpp"

#include "support/catch.hpp"
#include "support/checked.hpp"

#include <vector>

using namespace troupe::detail;
using troupe_test::checked;

namespace {

constexpr lease first_lease{work_id{1}, 1};
constexpr lease second_lease{work_id{2}, 1};
constexpr lease first_again{work_id{1}, 2};

}  // namespace

TEST_CASE("A lease that comes twice begins once", "[lease_holder]") {
  checked<lease_holder> held{2};
  CHECK(held->take(first_lease));
  CHECK_FALSE(held->take(first_lease));
  CHECK(held->running() == 1);
  CHECK(held->take(first_again));
}

TEST_CASE("A worker takes no more than it has room for", "[lease_holder]") {
  checked<lease_holder> held{1};
  CHECK(held->take(first_lease));
  CHECK_FALSE(held->take(second_lease));
  CHECK(held->finish(first_lease));
  CHECK(held->take(second_lease));
}

TEST_CASE("A result is held until the supervisor has it", "[lease_holder]") {
  checked<lease_holder> held{1};
  REQUIRE(held->take(first_lease));
  held->acknowledge(first_lease);
  CHECK(held->held() == std::vector{first_lease});
  CHECK(held->finish(first_lease));
  CHECK_FALSE(held->finish(first_lease));
  CHECK(held->unacknowledged() == std::vector{first_lease});
  CHECK(held->held() == std::vector{first_lease});
  held->acknowledge(first_lease);
  CHECK(held->empty());
}

TEST_CASE("What was taken back does not end", "[lease_holder]") {
  checked<lease_holder> held{2};
  REQUIRE(held->take(first_lease));
  REQUIRE(held->take(second_lease));
  REQUIRE(held->finish(second_lease));
  CHECK(held->drop(first_lease));
  CHECK_FALSE(held->finish(first_lease));
  CHECK_FALSE(held->drop(second_lease));
  CHECK(held->running() == 0);
  CHECK(held->empty());
}

TEST_CASE("A worker whose results are not confirmed takes no more",
          "[lease_holder]") {
  checked<lease_holder> held{8, 2};
  for (std::uint64_t work = 1; work <= 2; ++work) {
    CHECK(held->take({work_id{work}, 1}));
    CHECK(held->finish({work_id{work}, 1}));
  }
  CHECK_FALSE(held->take({work_id{3}, 1}));
  held->acknowledge({work_id{1}, 1});
  CHECK(held->take({work_id{3}, 1}));
}
