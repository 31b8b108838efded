#pragma once

// The body of `value::get`, by the type that is asked for; <troupe/value.hpp>
// includes it.

#include "troupe/value.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace troupe {

template <detail::read_on_request T>
T value::get() const& {
  using limits = std::numeric_limits<T>;
  if constexpr (std::same_as<T, value>) {
    return *this;
  } else if constexpr (std::same_as<T, json>) {
    return to_json();
  } else if constexpr (std::same_as<T, bool>) {
    return as_bool();
  } else if constexpr (std::integral<T> && sizeof(T) <= sizeof(int)) {
    const std::int64_t number = content_.integer;
    if (tag_ == tag::integer && number >= limits::min() &&
        number <= limits::max()) {
      return static_cast<T>(number);
    }
    return static_cast<T>(as_integer(limits::min(), limits::max()));
  } else if constexpr (std::unsigned_integral<T>) {
    return static_cast<T>(as_natural(limits::max()));
  } else if constexpr (std::integral<T>) {
    return static_cast<T>(as_integer(limits::min(), limits::max()));
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(as_real());
  } else if constexpr (detail::one_of<T, std::string, std::string_view>) {
    return T(as_text());
  } else {
    try {
      return to_json().template get<T>();
    } catch (const json::exception& why) {
      refuse(why.what());
    }
  }
}

}  // namespace troupe
