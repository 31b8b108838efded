#pragma once

#include <nlohmann/json.hpp>

#include <any>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace troupe {

using json = nlohmann::json;

class state_entry;
class value;

}  // namespace troupe

/// The conversion of a `value` by nlohmann's library. Not by functions found by
/// argument-dependent lookup: those would be tried for every type that may
/// convert to a value while it is still being decided whether it does.
template <>
struct nlohmann::adl_serializer<troupe::value> {
  static void to_json(json& form, const troupe::value& from);
  static void from_json(const json& form, troupe::value& into);
};

namespace troupe {

/// A type whose objects have a JSON form, through nlohmann's `to_json`. The
/// values that a node keeps or hands on must have one, because a step may be
/// stored or sent.
template <class T>
concept json_convertible =
    !std::is_pointer_v<std::decay_t<T>> && !std::is_function_v<T> &&
    !std::is_member_pointer_v<T> && std::is_constructible_v<json, const T&>;

/// A type that can be read from its JSON form, through nlohmann's `from_json`.
template <class T>
concept json_readable =
    std::is_object_v<T> && !std::is_pointer_v<T> && requires(const json& form) {
  form.template get<T>();
};

namespace detail {

template <class T, class... Others>
concept one_of = (std::same_as<T, Others> || ...);

/// Addresses and functions mean something in this process only.
template <class T>
concept pointer_or_function =
    (std::is_pointer_v<T> &&
     !std::same_as<std::remove_cv_t<std::remove_pointer_t<T>>, char>) ||
    std::is_function_v<T> || std::is_member_pointer_v<T> ||
    (!json_convertible<T> && requires { &T::operator(); });

/// An integer, which a boolean is not.
template <class T>
concept whole_number = std::integral<T> && !std::same_as<T, bool>;

/// Converts on construction of a `value` by way of its JSON form.
template <class T>
concept converted_by_json =
    !std::is_arithmetic_v<T> && !std::is_array_v<T> &&
    !one_of<T, value, state_entry, json, std::string, std::string_view> &&
    json_convertible<T>;

/// The types that a value is converted to implicitly. Left out are types that
/// would make the assignment to a string ambiguous, and views, which could
/// dangle.
template <class T>
concept read_implicitly =
    !one_of<T, value, state_entry, json, std::string_view, std::any,
            std::nullptr_t, char, std::initializer_list<char>> &&
    json_readable<T>;

/// The types that a value is converted to on request.
template <class T>
concept read_on_request =
    json_readable<T> || one_of<T, value, std::string_view>;

/// The type of what is returned for a `T`: of a literal, a text of its own.
template <class T>
using owned = std::conditional_t<std::same_as<T, const char*>, std::string, T>;

/// The types that are converted to a value for a comparison.
template <class T>
concept turned_into_value =
    !std::same_as<T, value> && std::convertible_to<const T&, value>;

/// Text that names a member: a literal, a string or a view of one.
template <class T>
concept key_text = std::convertible_to<const T&, std::string_view>;

}  // namespace detail

}  // namespace troupe
