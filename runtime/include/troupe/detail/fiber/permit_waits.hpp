#pragma once

#include "troupe/detail/fiber/held_permits.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::detail {

/// A wait for permits, by somebody who holds some meanwhile.
struct permit_wait {
  /// The lender of what is waited for, and the number it has in all.
  const void* lender = nullptr;
  std::uint32_t permits = 0;
  /// The number wanted at once.
  std::uint32_t count = 1;
  /// The permits held, of any lender.
  std::vector<held_token> holds = {};
};

/// The waits that can never end, by their positions in `waits`: each wants more
/// than its lender will ever have while the others hold what they do. All that
/// is held by nobody in `waits` is taken to come back. Costs what is held, and
/// sorting.
[[nodiscard]] std::vector<std::size_t> waits_without_end(
    std::span<const permit_wait> waits);

}  // namespace troupe::detail
