#pragma once

#include "troupe/context.hpp"
#include "troupe/detail/node/signature.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/error.hpp"
#include "troupe/state.hpp"
#include "troupe/task.hpp"

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// A parameter that the runtime supplies by its type, wherever it stands.
template <class T>
inline constexpr bool is_supplied =
    std::same_as<std::remove_cvref_t<T>, state> ||
    std::same_as<std::remove_cvref_t<T>, context> ||
    std::same_as<std::remove_cvref_t<T>, error>;

template <class T>
inline constexpr bool is_writable_state = std::same_as<T, state&>;

template <class List>
struct count_values;
template <class... Args>
struct count_values<type_list<Args...>> {
  static constexpr std::size_t value =
      (std::size_t{0} + ... + (is_supplied<Args> ? 0 : 1));
};

template <class List>
struct parameter_facts;
template <class... Args>
struct parameter_facts<type_list<Args...>> {
  static constexpr bool writes_state = (is_writable_state<Args> || ...);
  static constexpr bool takes_state =
      (std::same_as<std::remove_cvref_t<Args>, state> || ...);
  /// A copy of it, in which writes are lost.
  static constexpr bool copies_state =
      ((std::same_as<std::remove_cv_t<Args>, state> ||
        (std::is_rvalue_reference_v<Args> &&
         std::same_as<std::remove_cvref_t<Args>, state>)) ||
       ...);
  static constexpr bool takes_error =
      (std::same_as<std::remove_cvref_t<Args>, error> || ...);
  /// One that its caller would have to give away.
  static constexpr bool writes_error =
      ((std::same_as<Args, error&> || std::same_as<Args, error&&>) || ...);
  static constexpr bool copies_context =
      ((std::same_as<std::remove_cv_t<Args>, context> ||
        (std::is_rvalue_reference_v<Args> &&
         std::same_as<std::remove_cvref_t<Args>, context>)) ||
       ...);
  /// A value, as opposed to what the runtime supplies, by reference.
  static constexpr bool value_by_reference =
      ((!is_supplied<Args> && std::is_reference_v<Args>) || ...);
};

/// True if a function, or a class with one call operator, takes the state by
/// value.
template <class F>
inline constexpr bool copies_state = false;
template <class F>
  requires requires {
    typename signature<decltype(&F::operator())>::parameters;
  }
inline constexpr bool copies_state<F> = parameter_facts<
    typename signature<decltype(&F::operator())>::parameters>::copies_state;
template <class R, class... Args>
inline constexpr bool copies_state<R (*)(Args...)> =
    parameter_facts<type_list<Args...>>::copies_state;

/// The arguments that a phase may take besides its values.
struct supplies {
  const state* view = nullptr;
  state* writable = nullptr;
  context* ctx = nullptr;
  const error* why = nullptr;
  /// Nobody needs the values afterwards.
  bool last_use = true;
};

/// Gives a supplied parameter of type `Arg`.
template <class Arg>
decltype(auto) supply(const supplies& from) {
  using plain = std::remove_cvref_t<Arg>;
  if constexpr (std::same_as<plain, context>) {
    return static_cast<context&>(*from.ctx);
  } else if constexpr (std::same_as<plain, error>) {
    return static_cast<const error&>(*from.why);
  } else if constexpr (is_writable_state<Arg>) {
    return static_cast<state&>(*from.writable);
  } else {
    return static_cast<const state&>(*from.view);
  }
}

/// A value on its way to a parameter: it is moved where nobody needs it after,
/// copied where somebody does, and referred to where that is enough.
template <class Arg, class Value>
decltype(auto) hand_over(Value& value, bool last_use) {
  if constexpr (std::is_lvalue_reference_v<Arg>) {
    return static_cast<const Value&>(value);
  } else if constexpr (std::copy_constructible<Value>) {
    return last_use ? Value(std::move(value)) : Value(value);
  } else {
    return static_cast<Value&&>(value);
  }
}

template <class List>
struct caller;

/// Calls a phase with the values it takes, in order, and what it is supplied.
/// That they fit is a rule of `node_rules`.
template <class... Args>
struct caller<type_list<Args...>> {
  template <std::size_t I>
  static constexpr std::size_t values_before() {
    constexpr bool supplied[] = {is_supplied<Args>..., true};
    std::size_t count = 0;
    for (std::size_t i = 0; i < I; ++i) count += supplied[i] ? 0 : 1;
    return count;
  }

  template <std::size_t I, class Arg, class Tuple>
  static decltype(auto) argument(Tuple& values, const supplies& from) {
    if constexpr (is_supplied<Arg>) {
      return supply<Arg>(from);
    } else {
      return hand_over<Arg>(std::get<values_before<I>()>(values),
                            from.last_use);
    }
  }

  /// `values` is a tuple of references.
  template <class Node, class F, class Tuple>
  static decltype(auto) call(const Node& node, F member, Tuple values,
                             const supplies& from) {
    // clang-format off
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
      return (node.*member)(
          argument<I, Args, Tuple>(values, from)...);
    }(std::index_sequence_for<Args...>{});
    // clang-format on
  }
};

}  // namespace troupe::detail
