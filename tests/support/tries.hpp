#pragma once

#include <troupe/node_options.hpp>

#include <cstdint>

namespace troupe_test {

/// A node with so many attempts.
inline troupe::node_options tries(std::uint32_t attempts,
                                  troupe::duration wait = {}) {
  return {.retry = {.attempts = attempts, .wait = wait}};
}

}  // namespace troupe_test
