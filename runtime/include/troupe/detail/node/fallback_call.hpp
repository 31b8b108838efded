#pragma once

#include "troupe/blocking.hpp"
#include "troupe/detail/node/typed_phases.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/node_options.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// The `fallback` of the node type `N`, on the threads that its options name:
/// what stands in for a call that may block may block as well.
template <class N>
struct fallback_call {
  using p = phases<N>;
  using exec_t = typename p::exec_value;
  using result_t =
      typename task_traits<typename p::fallback_result>::value_type;
  using call = caller<typename p::fallback_parameters>;

  /// True if it can be called where it stands, by `at_once`.
  [[nodiscard]] static bool is_plain(const node_options& options) noexcept {
    return !p::fallback_is_task && options.threads != threads::blocking;
  }

  template <class Input>
  static exec_t at_once(const N& node, Input& input, const error& why,
                        const state& shared, context& ctx) {
    const supplies from{&shared, nullptr, &ctx, &why};
    if constexpr (std::is_void_v<result_t>) {
      call::call(node, &N::fallback, values_of(input), false, from);
      return {};
    } else {
      return call::call(node, &N::fallback, values_of(input), false, from);
    }
  }

  /// For one that is not plain.
  template <class Input>
  static task<result_t> as_task(const std::shared_ptr<const N>& node,
                                Input& input, const error& why,
                                const state& shared, context& ctx) {
    if constexpr (p::fallback_is_task) {
      return keeping_error(node, input, why, shared, ctx);
    } else {
      return on_blocking_thread(node, input, why, shared, ctx);
    }
  }

 private:
  // A coroutine may refer to the error, which its caller has no longer.
  template <class Input>
  static task<result_t> keeping_error(const std::shared_ptr<const N>& node,
                                      Input& input, error why,
                                      const state& shared, context& ctx) {
    static_assert(!may_view<result_t, std::remove_const_t<Input>>,
                  "a coroutine must give a value, not a view of its input, "
                  "which ends with it");
    const supplies from{&shared, nullptr, &ctx, &why};
    auto work = call::call(*node, &N::fallback, values_of(input), false, from);
    co_return co_await work;
  }

  // The call may outlive the step that started it, so it owns all it uses.
  template <class Input>
  static task<result_t> on_blocking_thread(std::shared_ptr<const N> node,
                                           Input& input, error why,
                                           const state& shared, context& ctx) {
    auto work = [node, input, why, shared, host = ctx.host().detach(),
                 attempt = ctx.attempt(),
                 item = ctx.item()]() mutable -> result_t {
      context own{*host, attempt, item};
      const supplies from{&shared, nullptr, &own, &why};
      return call::call(*node, &N::fallback, values_of(input), true, from);
    };
    blocking_operation<decltype(work)> waiting{std::move(work)};
    co_return co_await waiting;
  }
};

}  // namespace troupe::detail
