#pragma once

#include "troupe/detail/node/exec_call.hpp"
#include "troupe/detail/node/fallback_call.hpp"
#include "troupe/detail/node/guarded.hpp"
#include "troupe/detail/node/node_model.hpp"
#include "troupe/detail/node/post_call.hpp"
#include "troupe/detail/node/prep_call.hpp"
#include "troupe/detail/node/served_exec.hpp"
#include "troupe/detail/node/step_values.hpp"
#include "troupe/detail/node/typed_phases.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// Runs the phases of a user's node `N`. What is at hand at once never leaves
/// the stack; only a step that waits or fails keeps its values on the heap.
template <class N>
class typed_node final : public node_model {
 public:
  explicit typed_node(N node)
      : node_(std::make_shared<const N>(std::move(node))) {}

  step_status begin(frame& step) const override {
    if constexpr (p::prep_is_task) {
      auto& kept = values::of(step);
      if (!prep_call<N>::make_task(*node_, step, kept)) {
        return step_status::failed;
      }
      return start(step, kept, kept.prep_task, stage::prep);
    } else {
      auto prepared = prep_call<N>::at_once(*node_, step);
      if (!prepared) return step_status::failed;
      return execute(step, *prepared);
    }
  }

  step_status retry(frame& step) const override {
    return execute(step, *values::of(step).prepared);
  }

  step_status fall_back(frame& step) const override {
    if constexpr (!p::has_fallback) {
      return step_status::failed;
    } else {
      auto& kept = values::of(step);
      const error why = std::move(*std::exchange(step.failure, nullptr));
      using call = fallback_call<N>;
      if (call::is_plain(*step.options)) {
        return fall_back_at_once(step, kept, why);
      }
      auto made = guarded(step, [&] {
        return call::as_task(node_, *kept.prepared, why, step.shared,
                             step.context);
      });
      if (!made) return step_status::failed;
      kept.exec_task = std::move(*made);
      return start(step, kept, kept.exec_task, stage::fallback);
    }
  }

  step_status resume(frame& step) const override {
    auto& kept = values::of(step);
    switch (kept.at) {
      case stage::prep:
        return after_prep(step, kept);
      case stage::exec:
        return after_exec(step, kept, step_status::exec_failed);
      case stage::fallback:
        return after_exec(step, kept, step_status::failed);
      case stage::post:
        return after_post(step, kept);
    }
    return step_status::failed;
  }

  bool has_exec() const noexcept override { return p::has_exec; }
  bool has_fallback() const noexcept override { return p::has_fallback; }
  bool exec_is_task() const noexcept override {
    if constexpr (lends_input<N>) return N::exec_of_item_is_task;
    return p::exec_is_task;
  }
  bool retries_itself() const noexcept override { return lends_input<N>; }
  task<json> serve(json input, const state& readable, context& ctx,
                   const node_options& options) const override {
    return served_exec<N>::serve(node_, std::move(input), readable, ctx,
                                 options);
  }
  exec_facts facts() const override { return served_exec<N>::facts(); }
  std::span<const std::string_view> declared_actions() const noexcept override {
    if constexpr (requires { N::actions; }) {
      return N::actions;
    } else {
      return {};
    }
  }

 private:
  using p = phases<N>;
  using prep_t = typename p::prep_value;
  using exec_t = typename p::exec_value;
  using values = step_values<N>;
  using stage = typename values::stage;

  template <class Task>
  step_status start(frame& step, values& kept, Task& work, stage at) const {
    kept.at = at;
    if (!work.start(*step.fibers, step.told)) return step_status::suspended;
    return resume(step);
  }

  step_status after_prep(frame& step, values& kept) const {
    if constexpr (p::prep_is_task) {
      auto prepared = guarded_end<prep_t>(step, kept.prep_task);
      if (!prepared) return step_status::failed;
      kept.prepared = std::move(prepared);
      return execute(step, *kept.prepared);
    }
    return step_status::failed;
  }

  step_status execute(frame& step, prep_t& prepared) const {
    if constexpr (!p::has_exec) {
      no_value none;
      return finish(step, prepared, none);
    } else {
      const node_options& options = *step.options;
      if (p::exec_is_task || p::prep_must_stay || has_line(options) ||
          options.threads == threads::blocking || !options.on.empty()) {
        return execute_as_task(step, prepared);
      }
      return execute_at_once(step, prepared);
    }
  }

  step_status fall_back_at_once(frame& step, values& kept,
                                const error& why) const {
    if constexpr (!p::fallback_is_task) {
      auto given = guarded(step, [&] {
        return fallback_call<N>::at_once(*node_, *kept.prepared, why,
                                         step.shared, step.context);
      });
      if (given) return finish(step, *kept.prepared, *given);
    }
    return step_status::failed;
  }

  step_status execute_as_task(frame& step, prep_t& prepared) const {
    auto& kept = values::of(step);
    if (!kept.prepared) kept.prepared = std::move(prepared);
    auto made = guarded(step, [&] {
      return exec_call<N>::as_task(node_, *kept.prepared, step.shared,
                                   step.context, *step.options, last_use(step));
    });
    if (!made) return step_status::exec_failed;
    kept.exec_task = std::move(*made);
    return start(step, kept, kept.exec_task, stage::exec);
  }

  step_status execute_at_once(frame& step, prep_t& prepared) const {
    if constexpr (!p::exec_is_task) {
      auto given = guarded(step, [&]() -> exec_t {
        return exec_call<N>::at_once(*node_, prepared, step.shared,
                                     step.context, *step.options,
                                     last_use(step));
      });
      if (given) return finish(step, prepared, *given);
      auto& kept = values::of(step);
      if (!kept.prepared) kept.prepared = std::move(prepared);
      return step_status::exec_failed;
    }
    return step_status::exec_failed;
  }

  static bool last_use(const frame& step) noexcept {
    return step.last_attempt && !p::prep_used_after_exec;
  }

  step_status after_exec(frame& step, values& kept,
                         step_status if_failed) const {
    auto given = guarded_end<exec_t>(step, kept.exec_task);
    if (!given) return if_failed;
    return finish(step, *kept.prepared, *given);
  }

  step_status finish(frame& step, prep_t& prepared, exec_t& given) const {
    if constexpr (!p::has_post) {
      step.action = {};
      return step_status::done;
    } else if constexpr (p::post_is_task) {
      auto& kept = values::of(step);
      if (!kept.prepared) kept.prepared = std::move(prepared);
      kept.given = std::move(given);
      if (!post_call<N>::make_task(*node_, step, kept)) {
        return step_status::failed;
      }
      return start(step, kept, kept.post_task, stage::post);
    } else {
      return post_call<N>::at_once(*node_, step, prepared, given);
    }
  }

  step_status after_post(frame& step, values& kept) const {
    if constexpr (p::post_is_task) {
      return post_call<N>::after_task(step, kept);
    }
    return step_status::failed;
  }

  std::shared_ptr<const N> node_;
};

}  // namespace troupe::detail
