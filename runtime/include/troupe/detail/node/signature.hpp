#pragma once

#include <cstddef>
#include <type_traits>

namespace troupe::detail {

template <class... Ts>
struct type_list {
  static constexpr std::size_t size = sizeof...(Ts);
};

/// The types that a phase of a node returns and takes.
template <class F>
struct signature {
  static constexpr bool is_const = false;
  static constexpr bool is_static = false;
};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...)> {
  static constexpr bool is_const = false;
  static constexpr bool is_static = false;
  using result = R;
  using parameters = type_list<Args...>;
};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) const> {
  static constexpr bool is_const = true;
  static constexpr bool is_static = false;
  using result = R;
  using parameters = type_list<Args...>;
};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) const noexcept>
    : signature<R (C::*)(Args...) const> {};
template <class R, class... Args>
struct signature<R (*)(Args...)> {
  static constexpr bool is_const = false;
  static constexpr bool is_static = true;
};
template <class R, class... Args>
struct signature<R (*)(Args...) noexcept> : signature<R (*)(Args...)> {};

/// Defines whether `N` has a member of a certain name at all, whatever it is,
/// and whether it has one that can be named: it is public and neither
/// overloaded nor a template. A class that also inherits the name from
/// elsewhere cannot say which it means.
// clang-format off
#define TROUPE_HAS_MEMBER(name, member)                                   \
  struct other_##name {                                                   \
    void member();                                                        \
  };                                                                      \
  template <class N>                                                      \
  struct both_##name : N, other_##name {};                                \
  template <class N>                                                      \
  inline constexpr bool has_one_##name = requires { &N::member; };        \
  template <class N>                                                      \
  constexpr bool finds_##name() {                                         \
    if constexpr (has_one_##name<N>) {                                    \
      return true;                                                        \
    } else if constexpr (std::is_class_v<N> && !std::is_final_v<N>) {     \
      return !requires { &both_##name<N>::member; };                      \
    } else {                                                              \
      return false;                                                       \
    }                                                                     \
  }                                                                       \
  template <class N>                                                      \
  inline constexpr bool has_##name = finds_##name<N>();
// clang-format on
TROUPE_HAS_MEMBER(prep, prep)
TROUPE_HAS_MEMBER(exec, exec)
TROUPE_HAS_MEMBER(fallback, fallback)
TROUPE_HAS_MEMBER(post, post)
TROUPE_HAS_MEMBER(call, operator())
#undef TROUPE_HAS_MEMBER

}  // namespace troupe::detail
