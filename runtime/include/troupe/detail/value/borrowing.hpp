#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// A type that refers to what somebody else owns.
template <class T>
struct refers : std::bool_constant<std::is_pointer_v<T>> {};
template <class T>
  requires(!std::is_reference_v<T> && std::ranges::range<T> &&
           (std::ranges::view<T> || std::ranges::borrowed_range<T>))
struct refers<T> : std::true_type {};
template <class T>
struct refers<std::reference_wrapper<T>> : std::true_type {};
template <class T>
struct refers<std::initializer_list<T>> : std::true_type {};

/// True if a `To` that is made of a `From` refers to that `From`.
template <class To, class From>
struct borrows_from
    : std::bool_constant<refers<To>::value && !refers<From>::value> {};
template <class T>
struct borrows_from<T, T> : std::false_type {};
template <class To, class From>
struct borrows_from<std::optional<To>, From> : borrows_from<To, From> {};
template <class To, class From>
struct borrows_from<std::optional<To>, std::optional<From>>
    : borrows_from<To, From> {};
template <class T>
struct borrows_from<std::optional<T>, std::optional<T>> : std::false_type {};
template <class A, class B, class C, class D>
struct borrows_from<std::pair<A, B>, std::pair<C, D>>
    : std::bool_constant<borrows_from<A, C>::value ||
                         borrows_from<B, D>::value> {};
template <class A, class B>
struct borrows_from<std::pair<A, B>, std::pair<A, B>> : std::false_type {};
template <class... To, class... From>
  requires(sizeof...(To) == sizeof...(From))
struct borrows_from<std::tuple<To...>, std::tuple<From...>>
    : std::bool_constant<(borrows_from<To, From>::value || ...)> {};
template <class... Ts>
struct borrows_from<std::tuple<Ts...>, std::tuple<Ts...>> : std::false_type {};

/// The parts of a `T` that is no range, if one of them holds a view.
template <class T>
struct part_holds_view : std::false_type {};

/// True of a view, and of what holds one, as a list of the words of a text.
template <class T>
consteval bool holds_view() {
  if constexpr (std::is_void_v<T> || std::is_pointer_v<T>) {
    return false;
  } else if constexpr (refers<T>::value) {
    return true;
  } else if constexpr (std::ranges::range<T>) {
    // A range of itself, as JSON and paths are, holds none.
    using part = std::ranges::range_value_t<T>;
    if constexpr (std::same_as<part, T>)
      return false;
    else
      return holds_view<part>();
  } else {
    return part_holds_view<T>::value;
  }
}

template <class T>
struct part_holds_view<std::optional<T>> : std::bool_constant<holds_view<T>()> {
};
template <class A, class B>
struct part_holds_view<std::pair<A, B>>
    : std::bool_constant<holds_view<A>() || holds_view<B>()> {};
template <class... Ts>
struct part_holds_view<std::tuple<Ts...>>
    : std::bool_constant<(holds_view<Ts>() || ...)> {};

/// True if a `To` that was made of a `From` may refer to that `From`, so that
/// it is of no use without it. A copy of a view or a number is as good.
template <class To, class From>
inline constexpr bool may_view = holds_view<To>() &&
                                 !std::is_trivially_copyable_v<From> &&
                                 !refers<From>::value;

}  // namespace troupe::detail
