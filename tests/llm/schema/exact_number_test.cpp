// Numbers of schemas and of values, which are compared as they are written.

#include "support/catch.hpp"

#include <troupe/llm/json_schema.hpp>

#include <cstdint>
#include <limits>

using troupe::json;
using troupe::llm::json_schema;

namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::uint64_t>::max();

bool fits(const json& schema, const json& value) {
  return json_schema{schema}.mistakes_in(value).empty();
}

bool is_multiple(const json& value, const json& of) {
  return fits({{"multipleOf", of}}, value);
}

}  // namespace

TEST_CASE("A bound of 64 bits is read as it is", "[json_schema]") {
  CHECK(fits({{"maximum", highest}}, 5));
  CHECK(fits({{"maximum", highest}}, highest));
  CHECK_FALSE(fits({{"maximum", highest - 1}}, highest));
  CHECK_FALSE(fits({{"minimum", highest}}, lowest));
  CHECK(fits({{"minimum", lowest}}, lowest));
  CHECK_FALSE(fits({{"exclusiveMinimum", lowest}}, lowest));
  CHECK(fits({{"exclusiveMinimum", lowest}}, lowest + 1));
}

TEST_CASE("Integers and reals are compared without rounding", "[json_schema]") {
  // 2^53 and the integer above it, which is no real of 64 bits.
  CHECK(fits({{"exclusiveMaximum", 9007199254740993}}, 9007199254740992.0));
  CHECK_FALSE(fits({{"maximum", 9007199254740992.0}}, 9007199254740993));
  CHECK_FALSE(fits({{"const", 9007199254740992.0}}, 9007199254740993));
  CHECK(fits({{"minimum", -0.5}}, 0));
  CHECK_FALSE(fits({{"minimum", 0.5}}, 0));
  CHECK_FALSE(fits({{"maximum", -0.5}}, 0));
  CHECK(fits({{"maximum", 1e300}}, highest));
  CHECK_FALSE(fits({{"minimum", -1e300}, {"maximum", -1e299}}, lowest));
  CHECK(fits({{"const", 1}}, 1.0));
  CHECK(fits({{"enum", {0}}}, -0.0));
  CHECK_FALSE(fits({{"uniqueItems", true}}, {1, 1.0}));
  CHECK(fits({{"uniqueItems", true}}, {1, true, "1", {1}, {{"a", 1}}}));
}

TEST_CASE("Multiples are exact, whatever the numbers are", "[json_schema]") {
  CHECK(is_multiple(lowest, 1));
  CHECK(is_multiple(lowest, 2));
  CHECK(is_multiple(lowest, std::uint64_t{1} << 63));
  CHECK_FALSE(is_multiple(lowest, 3));
  CHECK(is_multiple(highest, 5));
  CHECK(is_multiple(highest, 1.5));
  CHECK_FALSE(is_multiple(highest, 2));
  CHECK(is_multiple(0.07, 0.01));
  CHECK(is_multiple(19.99, 0.01));
  CHECK(is_multiple(0.0075, 0.0001));
  CHECK_FALSE(is_multiple(0.00751, 0.0001));
  CHECK(is_multiple(1e308, 1e-308));
  CHECK(is_multiple(1e308, 2));
  CHECK_FALSE(is_multiple(1e308, 3));
  CHECK_FALSE(is_multiple(1e308, 0.123456789));
  CHECK_FALSE(is_multiple(1e-308, 1e308));
  CHECK_FALSE(is_multiple(5e-324, 1));
  CHECK(is_multiple(5e-324, 5e-324));
  CHECK(is_multiple(0, 1e308));
}

TEST_CASE("An integer has no fraction, and fits 64 bits", "[json_schema]") {
  const json integer = {{"type", "integer"}};
  CHECK(fits(integer, 1.0));
  CHECK(fits(integer, highest));
  CHECK_FALSE(fits(integer, 1.5));
  // A conversion to an integer would not be defined.
  CHECK_FALSE(fits(integer, 1e300));
  CHECK(fits({{"type", "number"}}, 1e300));
  CHECK(fits({{"type", "number"}}, 1));
}
