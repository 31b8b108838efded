#pragma once

#include "troupe/action.hpp"
#include "troupe/detail/node/phase_rules.hpp"
#include "troupe/detail/node/phases.hpp"
#include "troupe/detail/value/local_only.hpp"
#include "troupe/json.hpp"

#include <concepts>
#include <type_traits>
#include <vector>

namespace troupe::detail {

template <class T>
struct given_value {
  using type = given<T>;
};
template <>
struct given_value<no_value> {
  using type = given<>;
};
template <class First, class Second>
struct both_given;
template <class... First, class... Second>
struct both_given<given<First...>, given<Second...>> {
  using type = given<First..., Second...>;
};

/// The values that the phases of a node type are given. For a batch node, of
/// the node that works on one item.
template <class N>
struct inputs_of {
  using node = N;
  using prep_t = typename phases<N>::prep_value;
  using exec_t = typename phases<N>::exec_value;
  using input = prep_t;
  using of_exec = typename given_value<prep_t>::type;
  using of_post = typename both_given<
      std::conditional_t<std::same_as<prep_t, no_value>, given<>,
                         given<std::conditional_t<may_view<exec_t, prep_t>,
                                                  const prep_t, prep_t>>>,
      typename given_value<exec_t>::type>::type;
  /// A fallback fills the place of what exec returns.
  template <class T>
  static constexpr bool stands_in = std::same_as<T, exec_t>;
  template <class T>
  static constexpr bool has_form =
      std::same_as<T, no_value> || is_local_only<T> || json_convertible<T>;
};
template <class N>
  requires lends_input<N>
struct inputs_of<N> {
  using node = typename N::node_type;
  using exec_t = typename phases<node>::exec_value;
  using input = typename N::item_t;
  using of_exec = given<std::remove_reference_t<typename N::held_item_t>>;
  using of_post = given<const typename N::items_t, std::vector<exec_t>>;
  template <class T>
  static constexpr bool stands_in = std::convertible_to<T, exec_t>;
  /// The step keeps neither items nor results.
  template <class T>
  static constexpr bool has_form = true;
};

// clang-format off
/// `phase##_member` is the type of the member, or the reason why there is none.
#define TROUPE_MEMBER(phase)                                                  \
  template <class N, class... Given>                                          \
  constexpr auto phase##_member(given<Given...>) {                            \
    if constexpr (has_one_##phase<N>) {                                       \
      return std::type_identity<decltype(&N::phase)>{};                       \
    } else if constexpr (!has_##phase<N>) {                                   \
      return std::type_identity<absent>{};                                    \
    } else if constexpr (                                                     \
        requires { pick_one::of(&N::phase); } ||                              \
        requires(const N& node, Given&... values) {                           \
          node.phase(values...);                                              \
        } ||                                                                  \
        requires(const N& node, state& s, Given&... values) {                 \
          node.phase(s, values...);                                           \
        }) {                                                                  \
      return std::type_identity<several>{};                                   \
    } else {                                                                  \
      return std::type_identity<hidden>{};                                    \
    }                                                                         \
  }                                                                           \
  template <class N, class Given>                                             \
  using phase##_member_t =                                                    \
      typename decltype(phase##_member<N>(Given{}))::type;
TROUPE_MEMBER(prep)
TROUPE_MEMBER(exec)
TROUPE_MEMBER(fallback)
TROUPE_MEMBER(post)
#undef TROUPE_MEMBER
// clang-format on

/// True of a class with phases. A batch node is one, whatever its `post`
/// returns, which is not known before its rules hold.
template <class N>
constexpr bool has_phases() {
  if constexpr (lends_input<N>) {
    return true;
  } else {
    return has_prep<N> || has_exec<N> || has_fallback<N> || has_post<N>;
  }
}

/// The rules for a class with phases, each true where it is kept.
/// `added_node` has a sentence for each.
template <class N>
struct node_rules {
  using inputs = inputs_of<N>;
  using node = typename inputs::node;
  using p = phases<node>;
  using of_exec = typename inputs::of_exec;
  using of_post = typename inputs::of_post;

  using prep = phase_rules<prep_member_t<node, given<>>, given<>>;
  using exec = phase_rules<exec_member_t<node, of_exec>, of_exec>;
  using fallback = phase_rules<fallback_member_t<node, of_exec>, of_exec>;
  using post = phase_rules<post_member_t<node, of_post>, of_post>;

  static constexpr bool shapes_hold = prep::shape_holds && exec::shape_holds &&
                                      fallback::shape_holds &&
                                      post::shape_holds;

  static constexpr bool only_post_writes =
      !prep::writes_state && !exec::writes_state && !fallback::writes_state;

  static constexpr bool fallback_has_exec =
      !has_fallback<node> || has_exec<node>;
  static constexpr bool fallback_returns_as_exec =
      !p::has_fallback || !p::has_exec ||
      inputs::template stands_in<typename p::fallback_value>;

  static constexpr bool prep_has_form =
      prep::returns_reference ||
      inputs::template has_form<typename p::prep_value>;
  static constexpr bool exec_has_form =
      exec::returns_reference ||
      inputs::template has_form<typename p::exec_value>;
  template <class T, bool IsTask>
  static constexpr bool owns =
      !IsTask || !may_view<T, std::remove_const_t<typename inputs::input>>;
  static constexpr bool exec_owns =
      lends_input<node> || owns<typename p::exec_value, p::exec_is_task>;
  static constexpr bool fallback_owns =
      lends_input<node> ||
      owns<typename p::fallback_value, p::fallback_is_task>;
  static constexpr bool post_returns_action =
      std::same_as<typename p::post_value, no_value> ||
      std::is_convertible_v<typename p::post_value, action>;

  static constexpr bool values_hold() {
    if constexpr (!shapes_hold) {
      return false;
    } else {
      return prep::values_hold && exec::values_hold && fallback::values_hold &&
             post::values_hold;
    }
  }
  static constexpr bool hold() {
    if constexpr (!values_hold()) {
      return false;
    } else {
      return only_post_writes && fallback_has_exec &&
             fallback_returns_as_exec && prep_has_form && exec_has_form &&
             exec_owns && fallback_owns && post_returns_action &&
             !prep::takes_error && !exec::takes_error && !post::takes_error;
    }
  }
};

}  // namespace troupe::detail
