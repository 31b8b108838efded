#pragma once

#include "troupe/detail/value/local_only.hpp"
#include "troupe/detail/value/regular.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

/// A type whose values can go to another process and come from one.
template <class T>
concept readable_or_none = std::same_as<T, no_value> ||
    (json_convertible<T>&& json_readable<T> && !is_local_only<T>);

/// Errors: throws `errc::wrong_type`, which says what came instead.
[[noreturn]] void refuse_form(const json& form, std::string_view wanted);
/// A whole number in a range, in two's complement. One that is written as a
/// real number counts.
/// Errors: throws `errc::wrong_type`.
[[nodiscard]] std::uint64_t whole_number_from(const json& form,
                                              std::int64_t low,
                                              std::uint64_t high);
/// A real number, which need not be finite, of at most that size.
/// Errors: throws `errc::wrong_type`.
[[nodiscard]] double real_number_from(const json& form, double most);
/// Errors: throws a permanent `errc::bad_value` for JSON that nests deeper than
/// others read.
void check_depth(const json& form);

/// Reads `T` as nlohmann_json's `get` does, and looks at what that does not:
/// whether numbers fit, in standard containers too. A class of the user's is
/// read by its own `from_json`.
template <class T>
struct form_of {
  static constexpr bool may_be_deep = std::same_as<T, json>;

  static T read(const json& form) {
    using limits = std::numeric_limits<T>;
    if constexpr (std::same_as<T, bool>) {
      if (!form.is_boolean()) refuse_form(form, "a boolean");
      return form.get<bool>();
    } else if constexpr (std::integral<T>) {
      constexpr auto low = std::is_signed_v<T>
                               ? static_cast<std::int64_t>(limits::min())
                               : std::int64_t{0};
      return static_cast<T>(whole_number_from(
          form, low, static_cast<std::uint64_t>(limits::max())));
    } else if constexpr (std::floating_point<T>) {
      using wide = std::conditional_t<(sizeof(T) < sizeof(double)), T, double>;
      return static_cast<T>(real_number_from(
          form, static_cast<double>(std::numeric_limits<wide>::max())));
    } else if constexpr (std::is_enum_v<T>) {
      // As text it is by a table of the user's.
      if (form.is_number()) {
        static_cast<void>(form_of<std::underlying_type_t<T>>::read(form));
      }
      return form.get<T>();
    } else {
      return form.get<T>();
    }
  }
  static void check(const T& what) {
    if constexpr (may_be_deep) check_depth(what);
  }
};

template <>
struct form_of<no_value> {
  static constexpr bool may_be_deep = false;

  static no_value read(const json&) noexcept { return {}; }
};

/// Of a list of the standard library.
template <class List>
struct form_of_list {
  using element = typename List::value_type;
  static constexpr bool may_be_deep = form_of<element>::may_be_deep;

  static List read(const json& form) {
    if (!form.is_array()) refuse_form(form, "a list");
    List made;
    for (const auto& each : form) {
      made.insert(made.end(), form_of<element>::read(each));
    }
    return made;
  }
  static void check(const List& what) {
    if constexpr (may_be_deep) {
      for (const auto& each : what) form_of<element>::check(each);
    }
  }
};

template <class T>
struct form_of<std::vector<T>> : form_of_list<std::vector<T>> {};
template <class T>
struct form_of<std::deque<T>> : form_of_list<std::deque<T>> {};
template <class T>
struct form_of<std::list<T>> : form_of_list<std::list<T>> {};
template <class T>
struct form_of<std::set<T>> : form_of_list<std::set<T>> {};

template <class T, std::size_t N>
struct form_of<std::array<T, N>> {
  static constexpr bool may_be_deep = form_of<T>::may_be_deep;

  static std::array<T, N> read(const json& form) {
    if (!form.is_array() || form.size() < N) {
      refuse_form(form, "a list of " + std::to_string(N));
    }
    std::array<T, N> made;
    for (std::size_t i = 0; i < N; ++i) made[i] = form_of<T>::read(form[i]);
    return made;
  }
  static void check(const std::array<T, N>& what) {
    if constexpr (may_be_deep) {
      for (const auto& each : what) form_of<T>::check(each);
    }
  }
};

template <class A, class B>
struct form_of<std::pair<A, B>> {
  using first_t = std::remove_const_t<A>;
  static constexpr bool may_be_deep =
      form_of<first_t>::may_be_deep || form_of<B>::may_be_deep;

  static std::pair<A, B> read(const json& form) {
    if (!form.is_array() || form.size() < 2) refuse_form(form, "a pair");
    return {form_of<first_t>::read(form[0]), form_of<B>::read(form[1])};
  }
  static void check(const std::pair<A, B>& what) {
    if constexpr (may_be_deep) {
      form_of<first_t>::check(what.first);
      form_of<B>::check(what.second);
    }
  }
};

/// Of a map of the standard library: an object, or a list of pairs where the
/// keys are no text.
template <class Map>
struct form_of_map {
  using pair = typename Map::value_type;
  using mapped = typename Map::mapped_type;
  static constexpr bool may_be_deep = form_of<pair>::may_be_deep;

  static Map read(const json& form) {
    Map made;
    if constexpr (std::is_constructible_v<typename Map::key_type,
                                          const std::string&>) {
      if (!form.is_object()) refuse_form(form, "an object");
      for (const auto& each : form.items()) {
        made.emplace(each.key(), form_of<mapped>::read(each.value()));
      }
    } else {
      if (!form.is_array()) refuse_form(form, "a list of pairs");
      for (const auto& each : form) made.insert(form_of<pair>::read(each));
    }
    return made;
  }
  static void check(const Map& what) {
    if constexpr (may_be_deep) {
      for (const auto& each : what) form_of<pair>::check(each);
    }
  }
};

template <class K, class V>
struct form_of<std::map<K, V>> : form_of_map<std::map<K, V>> {};
template <class K, class V>
struct form_of<std::unordered_map<K, V>>
    : form_of_map<std::unordered_map<K, V>> {};

/// A value from the form in which it came from another process.
/// Errors: throws `errc::wrong_type`.
template <class T>
T read_form(const json& form) {
  try {
    return form_of<T>::read(form);
  } catch (const json::exception& why) {
    throw error{errc::wrong_type,
                std::string{"came from another process: "} + why.what()};
  }
}

/// The form in which a value goes to another process.
/// Errors: throws a permanent `errc::bad_value` for JSON that nests too deep,
/// which cannot even be copied.
template <class T>
json make_form(const T& what) {
  form_of<T>::check(what);
  return json(what);
}
inline json make_form(const no_value&) { return {}; }

}  // namespace troupe::detail
