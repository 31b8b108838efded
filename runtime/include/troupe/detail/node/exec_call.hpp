#pragma once

#include "troupe/blocking.hpp"
#include "troupe/detail/fiber/held_permits.hpp"
#include "troupe/detail/node/node_permit.hpp"
#include "troupe/detail/node/read_form.hpp"
#include "troupe/detail/node/timed_call.hpp"
#include "troupe/detail/node/typed_phases.hpp"
#include "troupe/detail/placed/placed_call.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/node_options.hpp"
#include "troupe/sleep.hpp"

#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// One attempt of `exec` of the node type `N` under its options. Used for a
/// step and for each item of a batch node.
template <class N>
struct exec_call {
  using p = phases<N>;
  using exec_t = typename p::exec_value;
  using result_t = typename task_traits<typename p::exec_result>::value_type;
  using call = caller<typename p::exec_parameters>;

  /// Whether an attempt can be made in another process.
  template <class Input>
  static constexpr bool can_travel =
      readable_or_none<std::remove_const_t<Input>>&& readable_or_none<exec_t>;

  /// Calls a plain `exec` on this thread.
  template <class Input>
  static exec_t at_once(const N& node, Input& input, const state& shared,
                        context& ctx, const node_options& options,
                        bool last_use) {
    const time_point began = options.timeout ? ctx.now() : time_point{};
    const supplies from{&shared, nullptr, &ctx, nullptr};
    auto run = [&]() -> exec_t {
      if constexpr (std::is_void_v<result_t>) {
        call::call(node, &N::exec, values_of(input), last_use, from);
        return {};
      } else {
        return call::call(node, &N::exec, values_of(input), last_use, from);
      }
    };
    exec_t given = run();
    if (options.timeout && ctx.now() - began > *options.timeout) {
      throw error{errc::timed_out, "returned after its time limit"};
    }
    return given;
  }

  /// Makes the task of an attempt that may have to wait.
  template <class Input>
  static task<result_t> as_task(const std::shared_ptr<const N>& node,
                                Input& input, const state& shared, context& ctx,
                                const node_options& options, bool last_use) {
    if constexpr (p::exec_is_task) {
      // A batch node applies its options item by item.
      if (lends_input<N> ||
          (!has_line(options) && !options.timeout && options.on.empty())) {
        return start_user_task(*node, input, shared, ctx, last_use);
      }
    }
    return limited(node, input, shared, ctx, options, last_use);
  }

  /// Makes an attempt that another process asks for, from JSON to JSON.
  template <class Input>
  static task<json> served(std::shared_ptr<const N> node, json form,
                           const state& shared, context& ctx,
                           const node_options& options) {
    Input input = read_form<Input>(form);
    auto work = begin(node, input, shared, ctx, options, true);
    if constexpr (std::is_void_v<result_t>) {
      co_await work;
      co_return json{};
    } else {
      const result_t given = co_await work;
      co_return make_form(given);
    }
  }

 private:
  template <class Input>
  static task<result_t> start_user_task(const N& node, Input& input,
                                        const state& shared, context& ctx,
                                        bool last_use) {
    static_assert(
        lends_input<N> || !may_view<result_t, std::remove_const_t<Input>>,
        "a coroutine must give a value, not a view of its input, "
        "which ends with it");
    return call::call(node, &N::exec, values_of(input), last_use,
                      {&shared, nullptr, &ctx, nullptr});
  }

  // The references belong to the frame of the step, which keeps this task.
  template <class Input>
  static task<result_t> limited(const std::shared_ptr<const N>& node,
                                Input& input, const state& shared, context& ctx,
                                const node_options& options, bool last_use) {
    std::vector<std::shared_ptr<void>> permits;
    held_permits mine;
    mine.holder = &ctx.host();
    begin_holding holding{mine};
    co_await holding;
    if (options.concurrency) {
      node_permit place{node.get(), *options.concurrency};
      auto permit = co_await place;
      mine.add(place.lender(), permit);
      permits.push_back(std::move(permit));
    }
    for (const auto& each : options.limits) {
      auto entering = each.line().enter();
      auto permit = co_await entering;
      mine.add(each.line().lender(), permit);
      permits.push_back(std::move(permit));
    }
    try {
      auto work = begin(node, input, shared, ctx, options, last_use);
      co_return co_await work;
    } catch (...) {
      if (!options.limits.empty()) tell_limits(options);
      throw;
    }
  }

  static void tell_limits(const node_options& options) {
    const auto why = error::from(std::current_exception());
    for (const auto& each : options.limits) each.line().on_failed(why);
  }

  template <class Input>
  static task<result_t> begin(const std::shared_ptr<const N>& node,
                              Input& input, const state& shared, context& ctx,
                              const node_options& options, bool last_use) {
    if constexpr (can_travel<Input>) {
      if (!options.on.empty()) {
        auto what = attempt_elsewhere(ctx, shared, options);
        if (what) return elsewhere(input, std::move(*what));
      }
    }
    task<result_t> work;
    if constexpr (p::exec_is_task) {
      work = start_user_task(*node, input, shared, ctx, last_use);
    } else if (options.threads == threads::blocking) {
      return on_blocking_thread(node, input, shared, ctx, options.timeout);
    } else {
      work = on_this_thread(node, input, shared, ctx, options, last_use);
    }
    if (!options.timeout) return work;
    return within_limit(*options.timeout, std::move(work));
  }

  template <class Input>
  static task<result_t> elsewhere(Input& input, placed_work what) {
    if constexpr (!std::same_as<std::remove_cvref_t<Input>, no_value>) {
      what.input = make_form<std::remove_const_t<Input>>(input);
    }
    placed_call call_there{std::move(what)};
    const json given = co_await call_there;
    if constexpr (!std::is_void_v<result_t>) {
      co_return read_form<result_t>(given);
    }
  }

  static task<result_t> within_limit(duration limit, task<result_t> work) {
    within_operation<result_t> limited_work{limit, std::move(work),
                                            wait_end::of_attempt};
    co_return co_await limited_work;
  }

  template <class Input>
  static task<result_t> on_this_thread(const std::shared_ptr<const N>& node,
                                       Input& input, const state& shared,
                                       context& ctx,
                                       const node_options& options,
                                       bool last_use) {
    if constexpr (std::is_void_v<result_t>) {
      at_once(*node, input, shared, ctx, options, last_use);
      co_return;
    } else {
      co_return at_once(*node, input, shared, ctx, options, last_use);
    }
  }

  // The call may outlive the step that started it, so it owns all it uses.
  template <class Input>
  static task<result_t> on_blocking_thread(const std::shared_ptr<const N>& node,
                                           Input& input, const state& shared,
                                           context& ctx,
                                           std::optional<duration> limit) {
    auto work = [node, input, shared, host = ctx.host().detach(),
                 attempt = ctx.attempt(),
                 item = ctx.item()]() mutable -> result_t {
      context own{*host, attempt, item};
      const supplies from{&shared, nullptr, &own, nullptr};
      return call::call(*node, &N::exec, values_of(input), true, from);
    };
    if (limit) {
      timed_call<decltype(work)> timed{*limit, std::move(work)};
      while (!co_await timed) {
      }
      co_return timed.take();
    }
    blocking_operation<decltype(work)> waiting{std::move(work)};
    co_return co_await waiting;
  }
};

}  // namespace troupe::detail
