#pragma once

#include "troupe/json.hpp"

#include <string>

namespace troupe::llm::detail {

/// A value for people, in the text of a mistake: printable, and cut. Of a list
/// or an object, only what it is.
[[nodiscard]] std::string shown_value(const json& value);

}  // namespace troupe::llm::detail
