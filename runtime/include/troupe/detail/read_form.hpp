#pragma once

#include "troupe/detail/typed_phases.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <concepts>
#include <string>

namespace troupe::detail {

/// A type whose values can go to another process and come from one.
template <class T>
concept readable_or_none = std::same_as<T, no_value> ||
    (json_convertible<T>&& json_readable<T>);

/// A value from the form in which it came from another process.
/// Errors: throws `errc::wrong_type`.
template <class T>
T read_form(const json& form) {
  if constexpr (std::same_as<T, no_value>) {
    return {};
  } else {
    try {
      return form.get<T>();
    } catch (const json::exception& why) {
      throw error{errc::wrong_type,
                  std::string{"came from another process: "} + why.what()};
    }
  }
}

}  // namespace troupe::detail
