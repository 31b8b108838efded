#pragma once

#include "troupe/detail/node/node_model.hpp"
#include "troupe/detail/node/typed_phases.hpp"

#include <concepts>
#include <exception>
#include <optional>

namespace troupe::detail {

/// Calls what may run a user's code, which is where its exceptions are caught:
/// the result of `call`, or nothing and the error in the step.
template <class F>
auto guarded(frame& step, F call) -> std::optional<decltype(call())> {
  try {
    return call();
  } catch (...) {
    step.failure =
        std::make_unique<error>(error::from(std::current_exception()));
    return std::nullopt;
  }
}

/// The result of a task that has ended, or nothing and its error in the step.
template <class Value, class Task>
std::optional<Value> guarded_end(frame& step, Task& work) {
  auto result = guarded(step, [&]() -> Value {
    if constexpr (std::same_as<Value, no_value>) {
      work.take();
      return {};
    } else {
      return work.take();
    }
  });
  work.reset();
  return result;
}

}  // namespace troupe::detail
