#pragma once

#include "troupe/json.hpp"

namespace troupe::llm::mcp::detail {

/// The schema of a server's tool as models take it. What means nothing is left
/// out or made empty: null and lists in the place of objects, as PHP writes
/// empty ones, empty choices, and the booleans of draft 3 and 4 for
/// "exclusiveMinimum" and "required". What says something stays as it is.
[[nodiscard]] json usable_schema(const json& given);

}  // namespace troupe::llm::mcp::detail
