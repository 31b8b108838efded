#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace troupe::detail {

/// Returns the name that `written` was probably meant to be: the one that takes
/// the fewest changes of a byte (an exchange of neighbours is one). At most one
/// change in a name of three or four bytes, two in a longer one; none in a
/// shorter one or one of more than 64 bytes. Upper and lower case, and '-', '_'
/// and a space, count as the same. Nothing if none is so near.
[[nodiscard]] std::optional<std::string_view> near_name(
    std::string_view written, std::span<const std::string_view> names);

}  // namespace troupe::detail
