#pragma once

#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// A text that is no JSON, with what JSON does not allow but servers write:
/// what is not UTF-8 and half a surrogate pair become U+FFFD, numbers that are
/// none (NaN, Infinity) become null, control characters inside of texts are
/// escaped, and a comma behind the last element goes. What else is wrong stays.
[[nodiscard]] std::string mended_json(std::string_view text);

}  // namespace troupe::llm::detail
