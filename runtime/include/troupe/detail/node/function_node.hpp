#pragma once

#include "troupe/action.hpp"
#include "troupe/detail/node/call.hpp"
#include "troupe/detail/node/phase_rules.hpp"
#include "troupe/detail/value/regular.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// A node whose `post` is a lambda or function object.
template <class F, class R, class... Args>
struct function_post {
  R post(Args... args) const { return call(std::forward<Args>(args)...); }
  F call;
};

template <class F, class R, class C, class... Args>
function_post<F, R, Args...> function_node_of(F call, R (C::*)(Args...) const) {
  return {std::move(call)};
}

/// The rules for a lambda or function object that is a whole node.
template <class F>
struct function_rules {
  static constexpr bool has_one = has_one_call<F>;
  template <class G>
  static auto member() {
    if constexpr (has_one_call<G>) {
      return std::type_identity<decltype(&G::operator())>{};
    } else {
      return std::type_identity<absent>{};
    }
  }
  using call = phase_rules<typename decltype(member<F>())::type, given<>>;
  using value_t = typename call::value;

  static constexpr bool takes_state =
      !has_one || !call::shape_holds || call::takes_state;
  static constexpr bool returns_action =
      std::same_as<value_t, no_value> || std::is_convertible_v<value_t, action>;

  static constexpr bool hold() {
    if constexpr (!has_one || !call::shape_holds) {
      return false;
    } else {
      return call::values_hold && takes_state && !call::takes_error &&
             returns_action;
    }
  }
};

}  // namespace troupe::detail
