#pragma once

#include "troupe/detail/value/regular.hpp"
#include "troupe/json.hpp"
#include "troupe/value.hpp"

#include <concepts>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// JSON as a source of items: an array, or null for none.
std::vector<value> items_in_json(const value& list);

template <class List>
auto items_of(List&& list) {
  if constexpr (one_of<std::remove_cvref_t<List>, json, value>) {
    return items_in_json(value{std::forward<List>(list)});
  } else {
    using item = std::ranges::range_value_t<List>;
    if constexpr (std::same_as<std::remove_cvref_t<List>, std::vector<item>>) {
      return std::vector<item>(std::forward<List>(list));
    } else {
      std::vector<item> all;
      for (auto&& one : list) all.push_back(std::forward<decltype(one)>(one));
      return all;
    }
  }
}

template <class T>
inline constexpr bool gives_items =
    std::ranges::input_range<T> || one_of<std::remove_cvref_t<T>, json, value>;

/// The items in what `prep` returned; of no matter where that is no range.
template <class T>
auto items_given_by(T (*prep)()) {
  if constexpr (gives_items<T>) {
    return items_of(prep());
  } else {
    return std::vector<no_value>{};
  }
}
template <class T>
using items_given = decltype(items_given_by<T>(nullptr));

}  // namespace troupe::detail
