#pragma once

#include "schema/schema_program.hpp"

namespace troupe::llm::detail {

/// A schema that would have to look at the same value for ever, or null: it
/// refers to itself without going into the value in between.
[[nodiscard]] const schema_node* endless_reference(
    const schema_program& program);

}  // namespace troupe::llm::detail
