#pragma once

// The reading of members from JSON; <troupe/llm/fields.hpp> brings it.

#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe::llm::detail {

template <class T>
struct optional_traits : std::false_type {
  using type = T;
};
template <class T>
struct optional_traits<std::optional<T>> : std::true_type {
  using type = T;
};
template <class T>
inline constexpr bool is_optional = optional_traits<T>::value;

template <class T>
concept whole_number = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept list_of_members = requires(T list, typename T::value_type each) {
  list.push_back(std::move(each));
}
&&!std::convertible_to<T, std::string_view> && !std::same_as<T, json>;
template <class T>
concept map_of_members = requires(T map, typename T::mapped_type each) {
  map.emplace(std::string{}, std::move(each));
}
&&!std::same_as<T, json>;

/// Errors: throws `errc::wrong_type` for a number that does not fit.
[[noreturn]] void refuse_number(const json& form);

/// JSON's own conversion takes numbers modulo their width.
template <whole_number T>
T number_from(const json& form) {
  if (form.is_number_float()) {
    // The first that is too large, which is a power of two.
    constexpr double end =
        2.0 * static_cast<double>(std::numeric_limits<T>::max() / 2 + 1);
    constexpr double begin = std::is_signed_v<T> ? -end : 0;
    const double number = form.get<double>();
    if (!(number >= begin && number < end) || std::trunc(number) != number) {
      refuse_number(form);
    }
    return static_cast<T>(number);
  }
  const bool fits =
      form.is_number_unsigned()
          ? std::in_range<T>(form.get<std::uint64_t>())
          : !form.is_number() || std::in_range<T>(form.get<std::int64_t>());
  if (!fits) refuse_number(form);
  return form.get<T>();
}

template <class T>
T member_from(const json& form) {
  if constexpr (whole_number<T>) {
    return number_from<T>(form);
  } else if constexpr (is_optional<T>) {
    if (form.is_null()) return std::nullopt;
    return member_from<typename T::value_type>(form);
  } else if constexpr (map_of_members<T>) {
    if (!form.is_object()) return form.get<T>();
    T made;
    for (const auto& [key, each] : form.items()) {
      made.emplace(key, member_from<typename T::mapped_type>(each));
    }
    return made;
  } else if constexpr (list_of_members<T>) {
    if (!form.is_array()) return form.get<T>();
    T made;
    for (const auto& each : form) {
      made.push_back(member_from<typename T::value_type>(each));
    }
    return made;
  } else {
    return form.get<T>();
  }
}

}  // namespace troupe::llm::detail
