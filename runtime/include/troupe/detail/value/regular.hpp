#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe::detail {

/// The value of a phase that gives none, so that only this file asks whether a
/// type is void.
using no_value = std::monostate;

template <class T>
using value_or_none = std::conditional_t<std::is_void_v<T>, no_value, T>;

/// Calls `call`: its result, or `no_value` if it gives none.
template <class F, class... Args>
constexpr auto regular_invoke(F&& call, Args&&... args)
    -> value_or_none<std::invoke_result_t<F, Args...>> {
  if constexpr (std::is_void_v<std::invoke_result_t<F, Args...>>) {
    std::invoke(std::forward<F>(call), std::forward<Args>(args)...);
    return {};
  } else {
    return std::invoke(std::forward<F>(call), std::forward<Args>(args)...);
  }
}

/// The values that a phase hands on: one by reference, or none.
template <class T>
std::tuple<T&> values_of(T& value) noexcept {
  return std::tuple<T&>{value};
}
inline std::tuple<> values_of(no_value&) noexcept { return {}; }
inline std::tuple<> values_of(const no_value&) noexcept { return {}; }

/// Awaitable: the end of a task; its result, or `no_value` if it gives none.
/// Refers to the task until it has been awaited.
template <class Task>
class [[nodiscard]] regular_end final : private Task::awaiter {
  using base = typename Task::awaiter;

 public:
  explicit regular_end(const Task& work) noexcept
      : base(work.operator co_await()) {}

  using base::await_ready;
  using base::await_suspend;
  value_or_none<typename Task::value_type> await_resume() const {
    return regular_invoke([this] { return base::await_resume(); });
  }
};

}  // namespace troupe::detail
