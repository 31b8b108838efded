#pragma once

#include "troupe/detail/node/node_base.hpp"
#include "troupe/detail/node/phases.hpp"
#include "troupe/detail/value/local_only.hpp"
#include "troupe/detail/value/read_form.hpp"

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// Calls what may run a user's code, which is where its exceptions are caught:
/// the result of `call`, or nothing and the error in the step.
template <class F>
auto guarded(frame& step, F&& call) -> std::optional<decltype(call())> {
  try {
    return call();
  } catch (...) {
    step.failure =
        std::make_unique<error>(error::from(std::current_exception()));
    return std::nullopt;
  }
}

/// The result of a task that has ended, or nothing and its error in the step.
template <class T>
std::optional<value_or_none<T>> guarded_end(frame& step, task<T>& work) {
  auto result = guarded(
      step, [&] { return regular_invoke([&] { return work.take(); }); });
  work.reset();
  return result;
}

/// The values that a step of node `N` keeps on the heap while it waits, or
/// after it has failed.
template <class N>
struct step_values final : kept_values {
  using p = phases<N>;
  using prep_t = typename p::prep_value;
  using exec_t = typename p::exec_value;

  template <class T>
  static constexpr bool has_form = std::same_as<T, no_value> ||
                                   (json_convertible<T> && !is_local_only<T>);

  /// The phase whose task it waits for.
  enum class stage : std::uint8_t { prep, exec, fallback, post };
  struct unused {
    void reset() noexcept {}
  };
  template <bool Has, class T>
  using only_if = std::conditional_t<Has, T, unused>;

  /// Those of `step`, made by the first call.
  static step_values& of(frame& step) {
    if (!step.kept) step.kept = std::make_unique<step_values>();
    return static_cast<step_values&>(*step.kept);
  }

  std::optional<json> prepared_form() const override {
    if constexpr (has_form<prep_t>) {
      if (prepared) return make_form(*prepared);
    }
    return std::nullopt;
  }

  // The tasks come last: they may refer to the values and go first.
  stage at = stage::prep;
  std::optional<prep_t> prepared;
  [[no_unique_address]] only_if<p::post_is_task, std::optional<exec_t>> given;
  [[no_unique_address]] only_if<p::prep_is_task, typename p::prep_result>
      prep_task;
  task<typename task_traits<typename p::exec_result>::value_type> exec_task;
  [[no_unique_address]] only_if<p::post_is_task, typename p::post_result>
      post_task;
};

/// Calls `prep` of a node, if it has one.
template <class N>
struct prep_call {
  using p = phases<N>;
  using prep_t = typename p::prep_value;

  /// Returns the result of a plain `prep`, or nothing if it throws.
  static std::optional<prep_t> at_once(const N& node, frame& step) {
    return guarded(step, [&]() -> prep_t {
      if constexpr (p::has_prep) {
        return regular_invoke([&] { return call(node, step); });
      } else {
        return {};
      }
    });
  }

  /// Makes the task of a `prep` that is a coroutine; false if that throws.
  static bool make_task(const N& node, frame& step) {
    auto made = guarded(step, [&] { return call(node, step); });
    if (!made) return false;
    step_values<N>::of(step).prep_task = std::move(*made);
    return true;
  }

 private:
  static decltype(auto) call(const N& node, frame& step) {
    return caller<typename p::prep_parameters>::call(
        node, &N::prep, std::tuple<>{}, {&step.shared, nullptr, &step.context});
  }
};

/// Calls `post` of a node, on a copy of the state that the owner of the step
/// commits if all goes well.
template <class N>
struct post_call {
  using p = phases<N>;
  using prep_t = typename p::prep_value;
  using exec_t = typename p::exec_value;

  /// Runs a `post` that is a plain call.
  static step_status at_once(const N& node, frame& step, prep_t& prepared,
                             exec_t& given) {
    step.begin_writing();
    const auto ended = guarded(step, [&] {
      step.action = action_of(
          regular_invoke([&] { return call(node, step, prepared, given); }));
      return true;
    });
    return ended ? step_status::done : step_status::failed;
  }

  /// Makes the task of a `post` that is a coroutine; false if that throws.
  static bool make_task(const N& node, frame& step) {
    auto& kept = step_values<N>::of(step);
    step.begin_writing();
    auto made = guarded(
        step, [&] { return call(node, step, *kept.prepared, *kept.given); });
    if (!made) return false;
    kept.post_task = std::move(*made);
    return true;
  }

  /// Goes on after the end of that task.
  static step_status after_task(frame& step) {
    auto chosen = guarded_end(step, step_values<N>::of(step).post_task);
    if (!chosen) return step_status::failed;
    step.action = action_of(std::move(*chosen));
    return step_status::done;
  }

 private:
  static decltype(auto) call(const N& node, frame& step, prep_t& prepared,
                             exec_t& given) {
    const supplies from{&*step.written, &*step.written, &step.context};
    using call_post = caller<typename p::post_parameters>;
    if constexpr (may_view<exec_t, prep_t>) {
      // It is copied and not moved: what exec gave may refer to it.
      return call_post::call(
          node, &N::post, std::tuple<const prep_t&, exec_t&>{prepared, given},
          from);
    } else {
      return call_post::call(
          node, &N::post, std::tuple_cat(values_of(prepared), values_of(given)),
          from);
    }
  }

  static action action_of(no_value) noexcept { return {}; }
  // Not moved once more on the way: every step comes here.
  static action&& action_of(action&& chosen) noexcept {
    return std::move(chosen);
  }
  template <class T>
  static action action_of(T&& chosen) {
    return std::forward<T>(chosen);
  }
};

}  // namespace troupe::detail
