#pragma once

#include "troupe/json.hpp"
#include "troupe/llm/fields.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>

namespace troupe::llm {

namespace detail {

template <class T>
concept map_by_text = requires {
  typename T::mapped_type;
  requires std::same_as<typename T::key_type, std::string>;
};

template <class T>
concept list_of_values =
    !std::same_as<T, std::string> && !map_by_text<T> && requires(const T& all) {
  typename T::value_type;
  all.begin();
  all.end();
  all.size();
};

/// A schema that `null` fits as well.
[[nodiscard]] json nullable(json schema);

}  // namespace detail

/// The JSON schema of a C++ type: `bool`, numbers, text, lists, maps by text,
/// `std::optional`, `json`, which may be anything, and structs that list their
/// fields; see `described`. Objects of structs have no other members.
///
/// An optional field may be left out or null.
template <class T>
[[nodiscard]] json schema_of();

namespace detail {

template <class T>
json schema_of_fields() {
  json form = {{"type", "object"},
               {"properties", json::object()},
               {"required", json::array()},
               {"additionalProperties", false}};
  const auto add = [&form](const auto& each) {
    using member_t = typename std::remove_cvref_t<decltype(each)>::type;
    using value_t = typename optional_traits<member_t>::type;
    json member = schema_of<value_t>();
    member.update(each.extra());
    if constexpr (is_optional<member_t>) {
      member = nullable(std::move(member));
    } else {
      form["required"].push_back(each.name());
    }
    form["properties"][each.name()] = std::move(member);
  };
  std::apply([&](const auto&... each) { (add(each), ...); }, T::fields());
  return form;
}

template <class T>
inline constexpr bool has_no_schema = false;

}  // namespace detail

template <class T>
json schema_of() {
  if constexpr (std::same_as<T, json>) {
    return json::object();
  } else if constexpr (std::same_as<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::integral<T>) {
    // A conversion would not notice what does not fit. The bounds of the
    // largest types do not fit all readers of JSON.
    constexpr bool is_narrow = sizeof(T) < sizeof(std::int64_t);
    json form = {{"type", "integer"}};
    if (is_narrow || std::unsigned_integral<T>) {
      form["minimum"] = std::numeric_limits<T>::min();
    }
    if (is_narrow) form["maximum"] = std::numeric_limits<T>::max();
    return form;
  } else if constexpr (std::floating_point<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::same_as<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (described<T>) {
    return detail::schema_of_fields<T>();
  } else if constexpr (detail::is_optional<T>) {
    return detail::nullable(schema_of<typename T::value_type>());
  } else if constexpr (detail::map_by_text<T>) {
    return {{"type", "object"},
            {"additionalProperties", schema_of<typename T::mapped_type>()}};
  } else if constexpr (detail::list_of_values<T>) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
  } else {
    static_assert(detail::has_no_schema<T>,
                  "this type has no JSON schema: give it a static fields()");
  }
}

}  // namespace troupe::llm
