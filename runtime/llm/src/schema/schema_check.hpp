#pragma once

#include "schema/schema_program.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::llm::detail {

inline constexpr std::size_t mistakes_max = 16;

/// Returns the mistakes in `value` by the first schema of `program`, as
/// sentences that begin with the place, `mistakes_max` of them at most; empty
/// if it fits.
///
/// A check that would take more than `steps_max` steps, or a recursion deeper
/// than the stack is sure to have, ends in a mistake that says so.
[[nodiscard]] std::vector<std::string> mistakes_of(
    const json& value, const schema_program& program, std::size_t steps_max);

}  // namespace troupe::llm::detail
