#pragma once

#include "troupe/json.hpp"

#include <string>

namespace troupe::llm::detail {

/// The value as an error text shows it: printable and cut. An array or an
/// object is only named as such.
[[nodiscard]] std::string shown_value(const json& value);

}  // namespace troupe::llm::detail
