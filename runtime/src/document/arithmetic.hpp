#pragma once

#include "troupe/value.hpp"

namespace troupe::detail {

/// Sums and orders of values that are numbers. Orders are exact, sums are so
/// between integers.
struct arithmetic {
  /// Errors: errc::bad_value when the sum is out of range.
  [[nodiscard]] static value sum(const value& a, const value& b);
  [[nodiscard]] static bool less(const value& a, const value& b) noexcept;
  [[nodiscard]] static bool equal(const value& a, const value& b) noexcept;

 private:
  [[nodiscard]] static int order_to_real(const value& integer,
                                         double real) noexcept;
};

}  // namespace troupe::detail
