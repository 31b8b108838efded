#pragma once

#include "actor/payload.hpp"

#include <atomic>

namespace troupe::testing_support {

/// Counts how many exist, to see that none is lost.
struct counted_payload : detail::payload {
  explicit counted_payload(std::atomic<int>& of) : count{of} { ++count; }
  ~counted_payload() override { --count; }
  std::atomic<int>& count;
};

}  // namespace troupe::testing_support
