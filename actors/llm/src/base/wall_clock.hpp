#pragma once

#include <troupe/clock.hpp>

namespace troupe::llm::detail {

/// The present date, to compare dates of servers with.
[[nodiscard]] inline wall_time wall_now() { return clock::steady().wall_now(); }

}  // namespace troupe::llm::detail
