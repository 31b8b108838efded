#pragma once

#include "troupe/detail/node/guarded.hpp"
#include "troupe/detail/node/step_values.hpp"

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// Calls `prep` of a node, if it has one.
template <class N>
struct prep_call {
  using p = phases<N>;
  using prep_t = typename p::prep_value;

  /// What a `prep` that is a plain call gives, or nothing if it throws.
  static std::optional<prep_t> at_once(const N& node, frame& step) {
    return guarded(step, [&]() -> prep_t {
      if constexpr (!p::has_prep) {
        return {};
      } else if constexpr (std::is_void_v<typename p::prep_result>) {
        call(node, step);
        return {};
      } else {
        return call(node, step);
      }
    });
  }

  /// Makes the task of a `prep` that is a coroutine; false if that throws.
  static bool make_task(const N& node, frame& step, step_values<N>& kept) {
    auto made = guarded(step, [&] { return call(node, step); });
    if (!made) return false;
    kept.prep_task = std::move(*made);
    return true;
  }

 private:
  static decltype(auto) call(const N& node, frame& step) {
    return caller<typename p::prep_parameters>::call(
        node, &N::prep, std::tuple<>{}, true,
        {&step.shared, nullptr, &step.context, nullptr});
  }
};

}  // namespace troupe::detail
