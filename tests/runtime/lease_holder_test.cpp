#include "support/catch.hpp"

#include <troupe/detail/lease_holder.hpp>

#include <vector>

using namespace troupe::detail;

namespace {

constexpr lease first{work_id{1}, 1};
constexpr lease second{work_id{2}, 1};
constexpr lease again{work_id{1}, 2};

}  // namespace

TEST_CASE("A lease that comes twice begins once", "[lease_holder]") {
  lease_holder held{2};
  CHECK(held.take(first));
  CHECK_FALSE(held.take(first));
  CHECK(held.running() == 1);
  CHECK(held.take(again));
}

TEST_CASE("A worker takes no more than it has room for", "[lease_holder]") {
  lease_holder held{1};
  CHECK(held.take(first));
  CHECK_FALSE(held.take(second));
  CHECK(held.finish(first));
  CHECK(held.take(second));
}

TEST_CASE("A result is held until the supervisor has it", "[lease_holder]") {
  lease_holder held{1};
  REQUIRE(held.take(first));
  held.acknowledge(first);
  CHECK(held.held() == std::vector{first});
  CHECK(held.finish(first));
  CHECK_FALSE(held.finish(first));
  CHECK(held.unacknowledged() == std::vector{first});
  CHECK(held.held() == std::vector{first});
  held.acknowledge(first);
  CHECK(held.empty());
}

TEST_CASE("What was taken back does not end", "[lease_holder]") {
  lease_holder held{2};
  REQUIRE(held.take(first));
  REQUIRE(held.take(second));
  REQUIRE(held.finish(second));
  CHECK(held.drop(first));
  CHECK_FALSE(held.finish(first));
  CHECK_FALSE(held.drop(second));
  CHECK(held.running() == 0);
  CHECK(held.empty());
}
