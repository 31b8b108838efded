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

/// The phases of `N`: which it has, what they give, and how to call them. Those
/// that break a rule of `node_rules` give nothing.
template <class N>
struct phases {
  template <class F>
  struct facts {
    using result = void;
    using parameters = type_list<>;
  };
  template <class F>
    requires requires { typename signature<F>::result; }
  struct facts<F> : signature<F> {};

// clang-format off
#define TROUPE_PHASE(phase)                                                 \
  static constexpr bool has_##phase = has_one_##phase<N>;                   \
  template <class M>                                                        \
  static auto phase##_member() {                                            \
    if constexpr (has_one_##phase<M>) {                                     \
      return &M::phase;                                                     \
    } else {                                                                \
      return 0;                                                             \
    }                                                                       \
  }                                                                         \
  using phase##_facts = facts<decltype(phase##_member<N>())>;               \
  using phase##_result = typename phase##_facts::result;                    \
  static constexpr bool phase##_is_task = is_task<phase##_result>;          \
  using phase##_value =                                                     \
      value_or_none<typename task_traits<phase##_result>::value_type>;      \
  using phase##_parameters = typename phase##_facts::parameters;
  // clang-format on

  TROUPE_PHASE(prep)
  TROUPE_PHASE(exec)
  TROUPE_PHASE(fallback)
  TROUPE_PHASE(post)
#undef TROUPE_PHASE

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
