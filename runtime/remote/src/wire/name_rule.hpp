#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::remote {

/// Returns whether a text can be the name of something that processes share:
/// UTF-8 of bounded length that shows as it is, without control characters and
/// those that change the direction of writing.
[[nodiscard]] bool is_name(std::string_view text, std::size_t bytes_max);

/// Errors: throws `errc::bad_value` for what cannot be a name, which is that
/// of `what`.
void check_name(const std::string& what, std::string_view text);

}  // namespace troupe::remote
