#pragma once

#include "troupe/json.hpp"

#include <string>

namespace troupe::llm::detail {

/// Whether `reference`, which begins with '#', is about a place in `root`.
[[nodiscard]] bool has_target(const json& root, const std::string& reference);

/// Whether a schema would have to look at the same value for ever: it refers to
/// itself without going into the value in between.
[[nodiscard]] bool has_endless_reference(const json& schema);

}  // namespace troupe::llm::detail
