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

}  // namespace troupe::detail
