#pragma once

#include "troupe/detail/node/call.hpp"
#include "troupe/detail/value/local_only.hpp"  // IWYU pragma: export

#include <concepts>
#include <type_traits>

namespace troupe {

namespace detail {

/// A callable that is a whole node: it takes the state and may write it.
template <class F>
concept step_function =
    std::copy_constructible<F> && !has_prep<F> && !has_exec<F> &&
    !has_post<F> && signature<decltype(&F::operator())>::is_const &&
    parameter_facts<
        typename signature<decltype(&F::operator())>::parameters>::takes_state;

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

}  // namespace troupe
