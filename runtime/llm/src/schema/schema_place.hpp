#pragma once

#include "troupe/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

// Of schemas that do not nest deep: these recurse.

/// Returns the place of `wanted` in `root`, for people: printable, and cut.
[[nodiscard]] std::string place_in(const json& root, const json& wanted);

/// The place that a reference, which begins with '#', is about, or null.
[[nodiscard]] const json* target_in(const json& root,
                                    std::string_view reference);

/// Bytes of text, names included.
[[nodiscard]] std::size_t bytes_in(const json& form);

}  // namespace troupe::llm::detail
