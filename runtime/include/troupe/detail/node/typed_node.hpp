#pragma once

#include "troupe/detail/node/exec_call.hpp"
#include "troupe/detail/node/served_exec.hpp"
#include "troupe/detail/node/steps.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace troupe::detail {

/// Runs the phases of a user's node `N`. What is at hand at once never leaves
/// the stack; only a step that waits or fails keeps its values on the heap.
template <class N>
class typed_node final : public node_base {
 public:
  explicit typed_node(N node)
      : node_(std::make_shared<const N>(std::move(node))) {}

  step_status begin(frame& step) const override {
    if constexpr (p::prep_is_task) {
      if (!prep_call<N>::make_task(*node_, step)) return step_status::failed;
      return start(step, values::of(step).prep_task, stage::prep);
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
      auto what = attempt_of(step, *kept.prepared);
      what.last_use = false;
      what.why = &why;
      using call = fallback_call<N>;
      if constexpr (!p::fallback_is_task) {
        if (call::is_plain(*step.options)) {
          auto given = guarded(step, [&] { return call::phase::here(what); });
          if (!given) return step_status::failed;
          return finish(step, *kept.prepared, *given);
        }
      }
      auto made = guarded(step, [&] { return call::as_task(what); });
      if (!made) return step_status::failed;
      kept.exec_task = std::move(*made);
      return start(step, kept.exec_task, stage::fallback);
    }
  }

  step_status resume(frame& step) const override {
    switch (values::of(step).at) {
      case stage::prep:
        return after_prep(step);
      case stage::exec:
        return after_exec(step, step_status::exec_failed);
      case stage::fallback:
        return after_exec(step, step_status::failed);
      case stage::post:
        return after_post(step);
    }
    return step_status::failed;
  }

  void restore(frame& step, const json& prepared) const override {
    // A view would refer to the form.
    if constexpr (readable_or_none<prep_t> && !holds_view<prep_t>()) {
      step.kept.reset();
      values::of(step).prepared = read_form<prep_t>(prepared);
    } else {
      static_cast<void>(step);
      static_cast<void>(prepared);
      throw error{errc::bad_flow,
                  "what prep gave cannot be read from JSON by nlohmann's "
                  "from_json, or it does not own what it refers to"};
    }
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
    if constexpr (lends_input<N>) {
      return served_exec<N>::serve(node_->of_item(), std::move(input),
                                   {readable, ctx, options});
    } else {
      return served_exec<N>::serve(node_, std::move(input),
                                   {readable, ctx, options});
    }
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
  step_status start(frame& step, Task& work, stage at) const {
    values::of(step).at = at;
    if (!work.start(*step.fibers, step.told)) return step_status::suspended;
    return resume(step);
  }

  attempt<N, prep_t> attempt_of(frame& step, prep_t& prepared) const {
    return {node_,         prepared,
            step.shared,   step.context,
            *step.options, step.last_attempt && !p::prep_used_after_exec};
  }

  step_status after_prep(frame& step) const {
    if constexpr (p::prep_is_task) {
      auto& kept = values::of(step);
      auto prepared = guarded_end(step, kept.prep_task);
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

  step_status execute_as_task(frame& step, prep_t& prepared) const {
    auto& kept = values::of(step);
    if (!kept.prepared) kept.prepared = std::move(prepared);
    auto made = guarded(step, [&] {
      return exec_call<N>::as_task(attempt_of(step, *kept.prepared));
    });
    if (!made) return step_status::exec_failed;
    kept.exec_task = std::move(*made);
    return start(step, kept.exec_task, stage::exec);
  }

  step_status execute_at_once(frame& step, prep_t& prepared) const {
    if constexpr (!p::exec_is_task) {
      auto given = guarded(step, [&] {
        return exec_call<N>::at_once(attempt_of(step, prepared));
      });
      if (given) return finish(step, prepared, *given);
      auto& kept = values::of(step);
      if (!kept.prepared) kept.prepared = std::move(prepared);
      return step_status::exec_failed;
    }
    return step_status::exec_failed;
  }

  step_status after_exec(frame& step, step_status if_failed) const {
    auto& kept = values::of(step);
    auto given = guarded_end(step, kept.exec_task);
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
      if (!post_call<N>::make_task(*node_, step)) return step_status::failed;
      return start(step, kept.post_task, stage::post);
    } else {
      return post_call<N>::at_once(*node_, step, prepared, given);
    }
  }

  step_status after_post(frame& step) const {
    if constexpr (p::post_is_task) return post_call<N>::after_task(step);
    return step_status::failed;
  }

  std::shared_ptr<const N> node_;
};

}  // namespace troupe::detail
