#pragma once

#include <chrono>

namespace troupe::llm::detail {

/// What servers' dates are compared with.
[[nodiscard]] inline std::chrono::system_clock::time_point wall_now() {
  return std::chrono::system_clock::now();
}

}  // namespace troupe::llm::detail
