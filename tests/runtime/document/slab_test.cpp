#include "support/catch.hpp"

#include <troupe/detail/timing/slab.hpp>

#include <rapidcheck.h>

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

using troupe::slab;

TEST_CASE("A value is found under its number until it is erased", "[slab]") {
  slab<std::unique_ptr<int>> values;
  const auto seven = values.insert(std::make_unique<int>(7));
  const auto nine = values.insert(std::make_unique<int>(9));

  CHECK(seven != nine);
  CHECK(*values[seven] == 7);
  CHECK(*values[nine] == 9);
  values.erase(seven);
  CHECK_FALSE(values.holds(seven));
  CHECK(values.holds(nine));
  CHECK(values.size() == 1);
  CHECK_FALSE(values.holds(1'000'000));
}

TEST_CASE("A slab destroys what it still keeps", "[slab]") {
  const auto witness = std::make_shared<int>(0);
  {
    slab<std::shared_ptr<int>> values;
    for (int i = 0; i < 1000; ++i) {
      values.insert(witness);
    }
    values.erase(500);
    CHECK(witness.use_count() == 1000);
  }
  CHECK(witness.use_count() == 1);
}

TEST_CASE("A slab gives memory back after a peak", "[slab]") {
  slab<std::uint64_t> values;
  std::vector<std::uint32_t> numbers;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    numbers.push_back(values.insert(i));
  }
  REQUIRE(values.capacity() >= 100'000);
  for (const auto number : numbers) {
    values.erase(number);
  }
  CHECK(values.capacity() <= 512);
  // Numbers of blocks that were given back serve again.
  values.check();
  const auto again = values.insert(3);
  CHECK(values[again] == 3);
  CHECK(again < 100'352);
}

TEST_CASE("Any sequence of insertions and erasures keeps values apart",
          "[slab]") {
  const auto passed = rc::check([](const std::vector<std::uint16_t>& steps) {
    slab<std::size_t> values;
    std::vector<std::pair<std::uint32_t, std::size_t>> expected;
    std::set<std::uint32_t> in_use;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      // Grow by many at a time, so that blocks fill and empty.
      for (int times = 0; times < 40; ++times) {
        if (steps[i] % 2 == 0 || expected.empty()) {
          const auto number = values.insert(i);
          RC_ASSERT(in_use.insert(number).second);
          expected.emplace_back(number, i);
        } else {
          const auto place = (steps[i] / 2) % expected.size();
          values.erase(expected[place].first);
          in_use.erase(expected[place].first);
          expected[place] = expected.back();
          expected.pop_back();
        }
      }
      values.check();
    }
    RC_ASSERT(values.size() == expected.size());
    for (const auto& [number, value] : expected) {
      RC_ASSERT(values.holds(number));
      RC_ASSERT(values[number] == value);
    }
    RC_ASSERT(values.capacity() >= values.size());
  });
  CHECK(passed);
}
