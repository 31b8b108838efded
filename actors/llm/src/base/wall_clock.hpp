#pragma once

#include <troupe/clock.hpp>

namespace troupe::llm::detail {

/// What servers' dates are compared with.
[[nodiscard]] inline wall_time wall_now() { return clock::steady().wall_now(); }

}  // namespace troupe::llm::detail
