#pragma once

#include "support/catch.hpp"

#include <troupe/testing.hpp>

namespace troupe_test {

/// Actors take their turns in place, and by message: a test runs with each.
inline auto both_ways() {
  return GENERATE(troupe::turns::in_place, troupe::turns::by_message);
}

}  // namespace troupe_test
