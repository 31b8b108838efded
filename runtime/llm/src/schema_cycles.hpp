#pragma once

#include "troupe/json.hpp"

namespace troupe::llm::detail {

/// Whether a schema would have to look at the same value for ever: it refers to
/// itself without going into the value in between.
[[nodiscard]] bool has_endless_reference(const json& schema);

}  // namespace troupe::llm::detail
