#pragma once

#include "troupe/clock.hpp"

#include <optional>
#include <string_view>

namespace troupe::llm::detail {

/// The wait that an error's words ask for, as in "try again in 7m12.5s";
/// nothing where they name none.
[[nodiscard]] std::optional<duration> wait_in_words(std::string_view words);

}  // namespace troupe::llm::detail
