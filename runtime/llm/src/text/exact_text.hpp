#pragma once

#include "text/step_budget.hpp"
#include "troupe/json.hpp"

#include <string>

namespace troupe::llm::detail {

/// Adds a text that only equal values have. Numbers are equal if they are the
/// same number: 1 is 1.0, and 9007199254740993 is not 9007199254740992.0.
///
/// `value` must not nest deeper than a check goes; an element is a step, and so
/// are 16 bytes of text.
void append_exact_text(const json& value, step_budget& budget,
                       std::string& into);

/// Returns whether no two elements of a list are equal, in n log n.
[[nodiscard]] bool has_unique_elements(const json& list, step_budget& budget);

}  // namespace troupe::llm::detail
