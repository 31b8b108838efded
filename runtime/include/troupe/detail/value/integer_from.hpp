#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <cstdint>
#include <utility>

namespace troupe::detail {

/// A number that another process sent, which may be any. JSON's own conversion
/// is undefined for a real number that is too large.
/// Errors: throws `errc::bad_value` for one that is not whole or does not fit.
template <whole_number T>
T integer_from(const json& form) {
  if (form.is_number_unsigned()) {
    const auto number = form.get<std::uint64_t>();
    if (std::in_range<T>(number)) return static_cast<T>(number);
  } else if (form.is_number_integer()) {
    const auto number = form.get<std::int64_t>();
    if (std::in_range<T>(number)) return static_cast<T>(number);
  }
  throw error{errc::bad_value, "not a whole number, or out of range"};
}

}  // namespace troupe::detail
