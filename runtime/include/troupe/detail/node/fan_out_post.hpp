#pragma once

#include "troupe/action.hpp"
#include "troupe/context.hpp"
#include "troupe/detail/node/call.hpp"
#include "troupe/detail/node/flow_graph.hpp"
#include "troupe/state.hpp"
#include "troupe/task.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The values that the `post` of a fan-out is given besides the state.
using branch_outcomes = std::vector<branch_outcome>;

/// The way to call an `F` with the most of what a fan-out gives.
template <class F>
struct fan_out_call {
  template <class... Args>
  static constexpr bool takes = std::is_invocable_v<F&, Args...>;

  static constexpr bool is_possible =
      takes<state&, const branch_outcomes&, context&> ||
      takes<state&, const branch_outcomes&> || takes<state&, context&> ||
      takes<state&> || takes<const branch_outcomes&, context&> ||
      takes<const branch_outcomes&> || takes<context&> || takes<>;

  static decltype(auto) call(F& post, state& shared,
                             const branch_outcomes& ended, context& ctx) {
    static_cast<void>(shared);
    static_cast<void>(ended);
    static_cast<void>(ctx);
    if constexpr (takes<state&, const branch_outcomes&, context&>) {
      return std::invoke(post, shared, ended, ctx);
    } else if constexpr (takes<state&, const branch_outcomes&>) {
      return std::invoke(post, shared, ended);
    } else if constexpr (takes<state&, context&>) {
      return std::invoke(post, shared, ctx);
    } else if constexpr (takes<state&>) {
      return std::invoke(post, shared);
    } else if constexpr (takes<const branch_outcomes&, context&>) {
      return std::invoke(post, ended, ctx);
    } else if constexpr (takes<const branch_outcomes&>) {
      return std::invoke(post, ended);
    } else if constexpr (takes<context&>) {
      return std::invoke(post, ctx);
    } else if constexpr (takes<>) {
      return std::invoke(post);
    }
  }
};

/// The same with facts about the result.
template <class F>
struct fan_out_called : fan_out_call<F> {
  using function =
      std::function<action(state&, const branch_outcomes&, context&)>;
  using result = decltype(fan_out_call<F>::call(
      std::declval<F&>(), std::declval<state&>(),
      std::declval<const branch_outcomes&>(), std::declval<context&>()));
  static constexpr bool waits = is_task<std::remove_cvref_t<result>>;
  static constexpr bool returns_action =
      std::is_void_v<result> || std::is_convertible_v<result, action>;

  static function erased(F post) {
    if constexpr (std::is_pointer_v<F> || requires { post.target_type(); }) {
      if (!post) return {};
    }
    return [post = std::move(post)](state& shared, const branch_outcomes& ended,
                                    context& ctx) mutable -> action {
      using plain = fan_out_call<F>;
      if constexpr (std::is_void_v<result>) {
        plain::call(post, shared, ended, ctx);
        return {};
      } else {
        return plain::call(post, shared, ended, ctx);
      }
    };
  }
};

/// The `post` of a fan-out, which takes the state by reference. It may leave
/// out what it does not need.
class fan_out_post {
 public:
  using function =
      std::function<action(state&, const branch_outcomes&, context&)>;

  fan_out_post() = default;
  fan_out_post(std::nullptr_t) noexcept {}
  template <class F>
    requires(!std::same_as<F, fan_out_post>)
  fan_out_post(F call) {
    using call_t = fan_out_called<F>;
    static_assert(!copies_state<F>,
                  "post of a batch or fork takes the state by value, and "
                  "writes to a copy of the state are lost: take it as state&");
    static_assert(copies_state<F> || call_t::is_possible,
                  "post of a batch or fork takes something else than it is "
                  "given: it takes state&, const std::vector<branch_outcome>& "
                  "and context&, in this order, or some of them");
    static_assert(!call_t::waits,
                  "post of a batch or fork is a coroutine: write a plain "
                  "function, and wait in a node after the batch or fork");
    static_assert(call_t::returns_action || call_t::waits,
                  "post of a batch or fork returns what is no action: return "
                  "a troupe::action, a text that names an edge, or nothing");
    static_assert(std::copy_constructible<F>,
                  "post of a batch or fork must be copyable: hold what is not "
                  "by a std::shared_ptr");
    if constexpr (std::copy_constructible<F> && call_t::returns_action) {
      call_ = call_t::erased(std::move(call));
    }
  }

  [[nodiscard]] function take() && { return std::move(call_); }

 private:
  function call_;
};

}  // namespace troupe::detail
