#pragma once

#include "troupe/blocking.hpp"
#include "troupe/detail/node/call.hpp"
#include "troupe/detail/node/node_base.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/detail/value/regular.hpp"
#include "troupe/sleep.hpp"

#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe::detail {

/// A node of ours whose coroutines may refer to their input, because the frame
/// keeps it.
template <class N>
inline constexpr bool lends_input = requires {
  typename N::lends_input;
};

/// The phases of `N`: which it has, what they give, and how to call them.
template <class N>
struct phases {
  template <bool Has, class F>
  struct facts {
    using result = void;
    using parameters = type_list<>;
    static constexpr bool is_const = true;
  };
  template <class F>
  struct facts<true, F> : signature<F> {};

// clang-format off
#define TROUPE_PHASE(phase)                                                   \
  static constexpr bool has_##phase##_one = has_one_##phase<N>;               \
  static_assert(has_##phase##_one || !detail::has_##phase<N>,                 \
                #phase " of this node is overloaded or a template; the "      \
                       "runtime needs exactly one");                          \
  template <class M>                                                          \
  static auto phase##_member() {                                              \
    if constexpr (has_one_##phase<M>) {                                       \
      return &M::phase;                                                       \
    } else {                                                                  \
      return 0;                                                               \
    }                                                                         \
  }                                                                           \
  using phase##_facts =                                                       \
      facts<has_##phase##_one, decltype(phase##_member<N>())>;                \
  static_assert(phase##_facts::is_const,                                      \
                #phase " of this node must be const: a node is shared by all " \
                       "runs, what belongs to a run goes into its state");    \
  using phase##_result = typename phase##_facts::result;                      \
  static constexpr bool phase##_is_task = is_task<phase##_result>;            \
  using phase##_value =                                                       \
      value_or_none<typename task_traits<phase##_result>::value_type>;        \
  using phase##_parameters = typename phase##_facts::parameters;
  // clang-format on

  TROUPE_PHASE(prep)
  TROUPE_PHASE(exec)
  TROUPE_PHASE(fallback)
  TROUPE_PHASE(post)
#undef TROUPE_PHASE

  static constexpr bool has_prep = has_prep_one;
  static constexpr bool has_exec = has_exec_one;
  static constexpr bool has_fallback = has_fallback_one;
  static constexpr bool has_post = has_post_one;

  static_assert(has_prep || has_exec || has_post,
                "a node needs at least one of prep, exec and post");
  static_assert(!has_fallback || has_exec,
                "a node with a fallback needs an exec that can fail");
  static_assert(!parameter_facts<prep_parameters>::writes_state &&
                    !parameter_facts<exec_parameters>::writes_state &&
                    !parameter_facts<fallback_parameters>::writes_state,
                "only post may write the state; take it as const state&");

  static_assert(!parameter_facts<prep_parameters>::copies_state &&
                    !parameter_facts<exec_parameters>::copies_state &&
                    !parameter_facts<fallback_parameters>::copies_state &&
                    !parameter_facts<post_parameters>::copies_state,
                "writes to a copy of the state are lost: take it as state& in "
                "post and in a lambda, as const state& elsewhere");
  static_assert(!std::is_reference_v<prep_value> &&
                    !std::is_reference_v<exec_value> &&
                    !std::is_reference_v<fallback_value>,
                "a phase must return a value, not a reference");

  template <class Facts>
  // clang-format off
  static constexpr bool borrows =
      is_task<typename Facts::result> &&
      parameter_facts<typename Facts::parameters>::value_by_reference;
  // clang-format on
  static_assert(lends_input<N> ||
                    (!borrows<exec_facts> && !borrows<fallback_facts> &&
                     !borrows<post_facts>),
                "a coroutine must take its input by value: a reference may "
                "dangle when it goes on");

  /// True if what `exec` gives may refer to what `prep` gave, which a `post`
  /// that waits would move.
  static constexpr bool prep_must_stay =
      post_is_task && may_view<exec_value, prep_value>;
  /// True if the value that `prep` returned is still needed after the last
  /// attempt.
  static constexpr bool prep_used_after_exec =
      count_values<post_parameters>::value > 0 ||
      count_values<fallback_parameters>::value > 0;
};

}  // namespace troupe::detail
