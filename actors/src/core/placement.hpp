#pragma once

#include "core/waker.hpp"

#include <troupe/detail/placed/placed_work.hpp>

#include <cstdint>

namespace troupe::detail {

/// Work on its way to another process, and who is told of it.
struct placed_order {
  placed_work what;
  /// Is woken once, with a `placed_result`.
  waker asker;
};

/// Where placed work goes. Implemented by who listens for workers.
///
/// Thread safety: internally synchronised.
class placement {
 public:
  virtual ~placement() = default;

  /// Has the work done elsewhere, or answers why that cannot be. The result
  /// names it for `recall`.
  virtual std::uint64_t place(placed_order order) = 0;
  /// The work is to stop; it is answered as cancelled, if not otherwise.
  virtual void recall(std::uint64_t work) noexcept = 0;
};

}  // namespace troupe::detail
