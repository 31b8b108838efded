#pragma once

#include "troupe/detail/node/node_base.hpp"
#include "troupe/detail/node/typed_node.hpp"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// A callable that is a whole node: it takes the state and may write it.
template <class F>
concept step_function =
    std::copy_constructible<F> && !has_prep<F> && !has_exec<F> &&
    !has_post<F> && signature<decltype(&F::operator())>::is_const &&
    parameter_facts<
        typename signature<decltype(&F::operator())>::parameters>::takes_state;

/// A node whose `post` is such a callable.
template <class F, class R, class... Args>
struct function_post {
  R post(Args... args) const { return call(std::forward<Args>(args)...); }
  F call;
};

template <class F, class R, class C, class... Args>
function_post<F, R, Args...> function_node_of(F call, R (C::*)(Args...) const) {
  return {std::move(call)};
}

}  // namespace detail

/// A node: any copyable class with at least one of these const members.
///
/// | phase      | takes                              | gives               |
/// | ---------- | ---------------------------------- | ------------------- |
/// | `prep`     | `const state&`                     | the input of exec   |
/// | `exec`     | what prep gave                     | the result          |
/// | `fallback` | what prep gave, `const error&`     | the result          |
/// | `post`     | `state&`, what prep and exec gave  | an `action`, or void|
///
/// Each may return its value or a `task` of it, may leave out trailing
/// values, and may ask for `context&` and (`exec`, too) `const state&`
/// anywhere. Only `post` may write; what it writes becomes visible when it
/// has returned, and not at all if it throws. `exec` is tried again as the
/// node's options say; `prep` and `post` run once per step.
///
/// One object serves all runs, on several threads at once, so the members are
/// const and keep nothing between calls.
template <class T>
concept node_type = std::is_class_v<T> && std::copy_constructible<T> &&
    (detail::has_prep<T> || detail::has_exec<T> || detail::has_post<T>);

/// A lambda or function object that stands for a whole node: it takes
/// `state&`, and `context&` if it likes, and returns an action, nothing, or a
/// task of either. It is the node's `post`, so it is not retried.
template <class T>
concept step_function = std::is_class_v<T> && detail::step_function<T>;

namespace detail {

template <class N>
  requires(node_type<N> || troupe::step_function<N>)
std::shared_ptr<const node_base> make_node_base(N node) {
  if constexpr (node_type<N>) {
    return std::make_shared<const typed_node<N>>(std::move(node));
  } else {
    auto made = function_node_of(std::move(node), &N::operator());
    return std::make_shared<const typed_node<decltype(made)>>(std::move(made));
  }
}

}  // namespace detail
}  // namespace troupe
