#pragma once

#include "troupe/value.hpp"

namespace troupe::detail {

/// Sums and orders of values that are numbers: exact between integers, as
/// doubles otherwise.
struct arithmetic {
  /// Errors: errc::bad_value when the sum is out of range.
  [[nodiscard]] static value sum(const value& a, const value& b);
  [[nodiscard]] static bool less(const value& a, const value& b) noexcept;
  [[nodiscard]] static bool equal(const value& a, const value& b) noexcept;
};

}  // namespace troupe::detail
