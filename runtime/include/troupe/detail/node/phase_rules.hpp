#pragma once

#include "troupe/detail/node/call.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/detail/value/regular.hpp"
#include "troupe/task.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// The values that a phase may take, by their types.
template <class... Ts>
struct given {};

/// A node without such a phase.
struct absent;
/// A phase that is overloaded or a template.
struct several;
/// A phase that is not public, or overloaded in a way that is not found out.
struct hidden;

/// Takes the one of several overloads that has so many parameters. There is no
/// call of it for a name that is not public.
struct pick_one {
  template <class R, class C>
  static void of(R (C::*)() const);
  template <class R, class C, class A>
  static void of(R (C::*)(A) const);
  template <class R, class C, class A, class B>
  static void of(R (C::*)(A, B) const);
  template <class R, class C, class A, class B, class D>
  static void of(R (C::*)(A, B, D) const);
};

/// An exception as other libraries hand it to who handles it.
template <class T>
inline constexpr bool is_exception =
    std::same_as<std::remove_cvref_t<T>, std::exception_ptr> ||
    (std::is_class_v<std::remove_cvref_t<T>> &&
     std::is_base_of_v<std::exception, std::remove_cvref_t<T>> &&
     !std::same_as<std::remove_cvref_t<T>, error>);

/// The rules for one phase, each true where it is kept, and facts about it. `F`
/// is the type of the member.
template <class F, class Given>
struct phase_rules {
  // Its name.
  static constexpr bool is_single = !std::same_as<F, several>;
  static constexpr bool is_public = !std::same_as<F, hidden>;
  static constexpr bool is_function =
      !std::is_member_object_pointer_v<F> &&
      (!std::is_pointer_v<F> || signature<F>::is_static);
  static constexpr bool is_no_static = !signature<F>::is_static;
  static constexpr bool is_const =
      std::same_as<F, absent> || signature<F>::is_const ||
      !(is_single && is_public && is_function && is_no_static);
  static constexpr bool shape_holds = std::same_as<F, absent>;

  // There are no parameters.
  using value = no_value;
  static constexpr bool writes_state = false;
  static constexpr bool takes_state = false;
  static constexpr bool takes_error = false;
  static constexpr bool keeps_state = true;
  static constexpr bool context_is_reference = true;
  static constexpr bool error_is_const = true;
  static constexpr bool returns_reference = false;
  static constexpr bool given_enough = true;
  static constexpr bool takes_no_exception = true;
  static constexpr bool types_fit = true;
  static constexpr bool takes_by_value = true;
  static constexpr bool takes_owner = true;
  static constexpr bool values_hold = true;
};

template <class F>
concept const_member = signature<F>::is_const;

template <const_member F, class... Given>
struct phase_rules<F, given<Given...>> {
  using result = typename signature<F>::result;
  using parameters = typename signature<F>::parameters;
  using facts = parameter_facts<parameters>;
  using value = value_or_none<typename task_traits<result>::value_type>;
  static constexpr bool waits = is_task<result>;

  static constexpr bool is_single = true;
  static constexpr bool is_public = true;
  static constexpr bool is_function = true;
  static constexpr bool is_no_static = true;
  static constexpr bool is_const = true;
  static constexpr bool shape_holds = true;

  static constexpr bool writes_state = facts::writes_state;
  static constexpr bool takes_state = facts::takes_state;
  static constexpr bool takes_error = facts::takes_error;
  static constexpr bool keeps_state = !facts::copies_state;
  static constexpr bool context_is_reference = !facts::copies_context;
  static constexpr bool error_is_const = !facts::writes_error;
  static constexpr bool returns_reference = std::is_reference_v<value>;
  static constexpr std::size_t taken = count_values<parameters>::value;
  static constexpr bool takes_by_value = !waits || !facts::value_by_reference;

  template <template <class, class> class Rule, class... Args>
  static constexpr bool each_keeps(type_list<Args...>) {
    using values = std::tuple<Given..., no_value>;
    return []<std::size_t... I>(std::index_sequence<I...>) {
      // More values than are given are compared with none.
      return (
          keeps<Rule, Args,
                std::tuple_element_t<
                    std::min(caller<parameters>::template values_before<I>(),
                             sizeof...(Given)),
                    values>>() &&
          ...);
    }
    (std::index_sequence_for<Args...>{});
  }
  template <template <class, class> class Rule, class Arg, class Value>
  static constexpr bool keeps() {
    if constexpr (is_supplied<Arg>) {
      return true;
    } else {
      return Rule<Arg, Value>::value;
    }
  }
  template <class Arg, class Value>
  struct fits : std::bool_constant<std::is_convertible_v<Value, Arg> ||
                                   std::is_convertible_v<const Value&, Arg>> {};
  template <class Arg, class Value>
  struct owns
      : std::bool_constant<!borrows_from<std::remove_cv_t<Arg>,
                                         std::remove_cv_t<Value>>::value> {};
  template <class Arg, class Value>
  struct is_no_exception
      : std::bool_constant<!is_exception<Arg> || fits<Arg, Value>::value> {};

  static constexpr bool takes_no_exception =
      taken == 0 || each_keeps<is_no_exception>(parameters{});
  static constexpr bool given_enough =
      taken <= sizeof...(Given) || !takes_no_exception;
  static constexpr bool types_fit = taken == 0 || taken > sizeof...(Given) ||
                                    !takes_no_exception
                                    || each_keeps<fits>(parameters{});
  static constexpr bool takes_owner =
      !waits || taken == 0 || !given_enough || each_keeps<owns>(parameters{});

  static constexpr bool values_hold =
      keeps_state && context_is_reference && error_is_const &&
      !returns_reference && given_enough && takes_no_exception && types_fit &&
      takes_by_value && takes_owner;
};

}  // namespace troupe::detail
