#pragma once

#include <cstddef>
#include <limits>

namespace troupe {

/// The value of `concurrency` for one sub-flow after the other, each of which
/// sees the writes of those before it. No number of sub-flows is as large.
inline constexpr std::size_t sequence =
    std::numeric_limits<std::size_t>::max() - 1;
/// The maximum number of sub-flows that a fan-out may have alive at once.
inline constexpr std::size_t concurrency_max = 100'000'000;
/// Allows `width` sub-flows at once, also 1; each sees the state before the
/// batch.
[[nodiscard]] constexpr std::size_t concurrent(std::size_t width) {
  return width == sequence ? 0 : width;
}

}  // namespace troupe
