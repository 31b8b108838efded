#pragma once

#include "troupe/json.hpp"

#include <cstddef>

namespace troupe::llm::detail {

/// How deep schemas and values may be nested.
inline constexpr std::size_t nesting_max = 100;

/// Whether lists and objects are in each other deeper than that.
[[nodiscard]] bool is_nested_too_deep(const json& form);

/// Checks that each keyword of a schema is one that is honoured, or one that
/// only tells people something.
/// Errors: throws a permanent `errc::bad_flow` that names the first that is
/// not, and its place.
void check_keywords(const json& schema);

}  // namespace troupe::llm::detail
