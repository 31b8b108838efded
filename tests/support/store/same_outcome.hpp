#pragma once

#include "support/catch.hpp"

#include <troupe/run.hpp>

namespace troupe_test {

/// Checks that two runs ended the same.
inline void check_same(const troupe::outcome& a, const troupe::outcome& b) {
  CHECK(a.state == b.state);
  CHECK(a.action == b.action);
  CHECK(a.ok() == b.ok());
  if (!a.ok() && !b.ok()) CHECK(a.failure->describe() == b.failure->describe());
}

}  // namespace troupe_test
