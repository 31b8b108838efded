#pragma once

#include "troupe/blocking.hpp"
#include "troupe/detail/node/phases.hpp"
#include "troupe/detail/node/timed_call.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/node_options.hpp"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// One attempt of `exec`, or a call of `fallback`: what it is given. All of it
/// belongs to the step, or to the item, and outlives the call.
template <class N, class Input>
struct attempt {
  const std::shared_ptr<const N>& node;
  Input& input;
  const state& shared;
  context& ctx;
  const node_options& options;
  /// Nobody needs the input afterwards.
  bool last_use = false;
  /// The failure of the last attempt, for a fallback.
  const error* why = nullptr;
};

/// The phases that an attempt may call, each by the same names.
template <class N>
struct exec_phase {
  using facts = typename phases<N>::exec_facts;
  static constexpr auto member() noexcept { return &N::exec; }
};
template <class N>
struct fallback_phase {
  using facts = typename phases<N>::fallback_facts;
  static constexpr auto member() noexcept { return &N::fallback; }
};

/// The ways to call a phase: here, as the user's coroutine, or on the blocking
/// pool. Those that may wait give a task.
template <class N, template <class> class Phase>
struct phase_call {
  using facts = typename Phase<N>::facts;
  using result_t = typename task_traits<typename facts::result>::value_type;
  using value_t = value_or_none<result_t>;
  static constexpr bool is_task = detail::is_task<typename facts::result>;

  /// A plain call on this thread.
  template <class Input>
  static value_t here(const attempt<N, Input>& what) {
    return regular_invoke(
        [&] { return call(*what.node, what.input, supplies_of(what)); });
  }

  /// The user's coroutine.
  template <class Input>
  static task<result_t> user_task(const attempt<N, Input>& what) {
    static_assert(
        lends_input<N> || !may_view<result_t, std::remove_const_t<Input>>,
        "a coroutine must give a value, not a view of its input, "
        "which ends with it");
    return call(*what.node, what.input, supplies_of(what));
  }

  /// A plain call on the blocking pool. It may outlive the step that started
  /// it, so it owns all it uses.
  template <class Input>
  static task<result_t> on_blocking_thread(attempt<N, Input> what,
                                           std::optional<duration> limit) {
    auto work = [node = what.node, input = what.input, shared = what.shared,
                 why = copy_of(what.why), host = what.ctx.host().detach(),
                 number = what.ctx.attempt(),
                 item = what.ctx.item()]() mutable -> result_t {
      context own{*host, number, item};
      return call(*node, input,
                  {&shared, nullptr, &own, why ? &*why : nullptr});
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

 private:
  template <class Input>
  static decltype(auto) call(const N& node, Input& input,
                             const supplies& from) {
    return caller<typename facts::parameters>::call(node, Phase<N>::member(),
                                                    values_of(input), from);
  }
  template <class Input>
  static supplies supplies_of(const attempt<N, Input>& what) noexcept {
    return {&what.shared, nullptr, &what.ctx, what.why, what.last_use};
  }
  static std::optional<error> copy_of(const error* why) {
    return why != nullptr ? std::optional{*why} : std::nullopt;
  }
};

}  // namespace troupe::detail
