#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "troupe/detail/exec_call.hpp"
#include "troupe/detail/node_model.hpp"
#include "troupe/detail/typed_phases.hpp"

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
      auto& kept = keep(step);
      const bool made = guarded(step, [&] {
        kept.prep_task = call_prep(step);
        return no_value{};
      }).has_value();
      if (!made) return step_status::failed;
      return start(step, kept, kept.prep_task, stage::prep);
    } else {
      auto prepared = guarded(step, [&]() -> prep_t {
        if constexpr (!p::has_prep) {
          return {};
        } else if constexpr (std::is_void_v<typename p::prep_result>) {
          call_prep(step);
          return {};
        } else {
          return call_prep(step);
        }
      });
      if (!prepared) return step_status::failed;
      return execute(step, *prepared);
    }
  }

  step_status retry(frame& step) const override {
    return execute(step, *keep(step).prepared);
  }

  step_status fall_back(frame& step) const override {
    if constexpr (!p::has_fallback) {
      return step_status::failed;
    } else {
      auto& kept = keep(step);
      const error why = *std::exchange(step.failure, std::nullopt);
      const supplies from{&step.shared, nullptr, &step.context, &why};
      auto input = values_of(*kept.prepared);
      using call = caller<typename p::fallback_parameters>;
      if constexpr (p::fallback_is_task) {
        auto made = guarded(step, [&] {
          return call::call(*node_, &N::fallback, input, false, from);
        });
        if (!made) return step_status::failed;
        kept.exec_task = std::move(*made);
        return start(step, kept, kept.exec_task, stage::fallback);
      } else {
        auto given = guarded(step, [&]() -> exec_t {
          return call::call(*node_, &N::fallback, input, false, from);
        });
        if (!given) return step_status::failed;
        return finish(step, *kept.prepared, *given);
      }
    }
  }

  step_status resume(frame& step) const override {
    auto& kept = keep(step);
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

  static_assert(std::same_as<prep_t, no_value> || json_convertible<prep_t> ||
                    lends_input<N>,
                "what prep returns needs a JSON form (nlohmann's to_json), "
                "because a step may be stored or sent");
  static_assert(std::same_as<exec_t, no_value> || json_convertible<exec_t> ||
                    lends_input<N>,
                "what exec returns needs a JSON form (nlohmann's to_json), "
                "because a step may be stored or sent");

  enum class stage : std::uint8_t { prep, exec, fallback, post };
  using exec_task_t = std::conditional_t<std::same_as<exec_t, no_value>,
                                         task<void>, task<exec_t>>;
  struct unused {
    void reset() noexcept {}
  };

  // The tasks come last: they may refer to the values and go first.
  struct values final : kept_values {
    stage at = stage::prep;
    std::optional<prep_t> prepared;
    [[no_unique_address]] std::conditional_t<p::post_is_task,
                                             std::optional<exec_t>, unused>
        given;
    [[no_unique_address]] std::conditional_t<p::post_is_task,
                                             std::optional<state>, unused>
        written;
    [[no_unique_address]] std::conditional_t<
        p::prep_is_task, typename p::prep_result, unused>
        prep_task;
    exec_task_t exec_task;
    [[no_unique_address]] std::conditional_t<
        p::post_is_task, typename p::post_result, unused>
        post_task;
  };

  static values& keep(frame& step) {
    if (!step.kept) step.kept = std::make_unique<values>();
    return static_cast<values&>(*step.kept);
  }

  /// The result of `call`, or nothing and the error in the step.
  template <class F>
  static auto guarded(frame& step, F call)
      -> std::optional<decltype(call())> {
    try {
      return call();
    } catch (...) {
      step.failure = error::from(std::current_exception());
      return std::nullopt;
    }
  }

  decltype(auto) call_prep(frame& step) const {
    return caller<typename p::prep_parameters>::call(
        *node_, &N::prep, std::tuple<>{}, true,
        {&step.shared, nullptr, &step.context, nullptr});
  }

  template <class Task>
  step_status start(frame& step, values& kept, Task& work, stage at) const {
    kept.at = at;
    if (!work.start(*step.fibers, step.told)) return step_status::suspended;
    return resume(step);
  }

  /// The result of a task that has ended, or nothing and its error.
  template <class Value, class Task>
  static std::optional<Value> ended(frame& step, Task& work) {
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

  step_status after_prep(frame& step, values& kept) const {
    if constexpr (p::prep_is_task) {
      auto prepared = ended<prep_t>(step, kept.prep_task);
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
      if (p::exec_is_task || options.concurrency ||
          options.threads == threads::blocking) {
        return execute_as_task(step, prepared);
      }
      return execute_at_once(step, prepared);
    }
  }

  step_status execute_as_task(frame& step, prep_t& prepared) const {
    auto& kept = keep(step);
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
      auto& kept = keep(step);
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
    auto given = ended<exec_t>(step, kept.exec_task);
    if (!given) return if_failed;
    return finish(step, *kept.prepared, *given);
  }

  /// `post`, on a copy of the state that replaces it if all goes well.
  step_status finish(frame& step, prep_t& prepared, exec_t& given) const {
    if constexpr (!p::has_post) {
      step.action = {};
      return step_status::done;
    } else if constexpr (p::post_is_task) {
      auto& kept = keep(step);
      if (!kept.prepared) kept.prepared = std::move(prepared);
      kept.given = std::move(given);
      kept.written = copy_for_writing(step.shared);
      auto made = guarded(step, [&] {
        return call_post(step, *kept.written, *kept.prepared, *kept.given);
      });
      if (!made) return step_status::failed;
      kept.post_task = std::move(*made);
      return start(step, kept, kept.post_task, stage::post);
    } else {
      state written = copy_for_writing(step.shared);
      auto next = guarded(step, [&]() -> action {
        if constexpr (std::is_void_v<typename p::post_result>) {
          call_post(step, written, prepared, given);
          return {};
        } else {
          return call_post(step, written, prepared, given);
        }
      });
      if (!next) return step_status::failed;
      return commit(step, std::move(written), std::move(*next));
    }
  }

  decltype(auto) call_post(frame& step, state& written, prep_t& prepared,
                           exec_t& given) const {
    return caller<typename p::post_parameters>::call(
        *node_, &N::post,
        std::tuple_cat(values_of(prepared), values_of(given)), true,
        {&written, &written, &step.context, nullptr});
  }

  step_status after_post(frame& step, values& kept) const {
    if constexpr (p::post_is_task) {
      using value_t = typename p::post_value;
      auto next = ended<value_t>(step, kept.post_task);
      if (!next) return step_status::failed;
      action chosen;
      if constexpr (!std::same_as<value_t, no_value>) {
        chosen = std::move(*next);
      }
      return commit(step, std::move(*kept.written), std::move(chosen));
    }
    return step_status::failed;
  }

  static state copy_for_writing(const state& shared) {
    state written = shared;
    if (shared.recording()) written.record();
    return written;
  }

  static step_status commit(frame& step, state&& written, action&& next) {
    if (step.shared.recording()) {
      step.shared.apply(written.take_delta());
    } else {
      step.shared = std::move(written);
    }
    step.action = std::move(next);
    return step_status::done;
  }

  std::shared_ptr<const N> node_;
};

}  // namespace troupe::detail
