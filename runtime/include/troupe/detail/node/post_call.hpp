#pragma once

#include "troupe/detail/node/guarded.hpp"
#include "troupe/detail/node/step_values.hpp"
#include "troupe/detail/value/borrowing.hpp"

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// Calls `post` of a node, on a copy of the state that replaces it if all goes
/// well.
template <class N>
struct post_call {
  using p = phases<N>;
  using values = step_values<N>;
  using prep_t = typename p::prep_value;
  using exec_t = typename p::exec_value;

  /// Runs a `post` that is a plain call.
  static step_status at_once(const N& node, frame& step, prep_t& prepared,
                             exec_t& given) {
    state written = copy_for_writing(step.shared);
    const auto ended = guarded(step, [&] {
      if constexpr (std::is_void_v<typename p::post_result>) {
        call(node, step, written, prepared, given);
        step.action = {};
      } else {
        step.action = call(node, step, written, prepared, given);
      }
      return true;
    });
    if (!ended) return step_status::failed;
    return commit(step, written);
  }

  /// Makes the task of a `post` that is a coroutine; false if that throws.
  static bool make_task(const N& node, frame& step, values& kept) {
    kept.written = copy_for_writing(step.shared);
    auto made = guarded(step, [&] {
      return call(node, step, *kept.written, *kept.prepared, *kept.given);
    });
    if (!made) return false;
    kept.post_task = std::move(*made);
    return true;
  }

  /// What follows the end of that task.
  static step_status after_task(frame& step, values& kept) {
    using value_t = typename p::post_value;
    auto next = guarded_end<value_t>(step, kept.post_task);
    if (!next) return step_status::failed;
    if constexpr (std::same_as<value_t, no_value>) {
      step.action = {};
    } else {
      step.action = std::move(*next);
    }
    return commit(step, *kept.written);
  }

 private:
  static decltype(auto) call(const N& node, frame& step, state& written,
                             prep_t& prepared, exec_t& given) {
    const supplies from{&written, &written, &step.context, nullptr};
    using call_post = caller<typename p::post_parameters>;
    if constexpr (may_view<exec_t, prep_t>) {
      // It is copied and not moved: what exec gave may refer to it.
      return call_post::call(
          node, &N::post, std::tuple<const prep_t&, exec_t&>{prepared, given},
          true, from);
    } else {
      return call_post::call(
          node, &N::post, std::tuple_cat(values_of(prepared), values_of(given)),
          true, from);
    }
  }

  static state copy_for_writing(const state& shared) {
    state written = shared;
    if (shared.recording()) written.record();
    return written;
  }

  static step_status commit(frame& step, state& written) {
    if (step.shared.recording()) {
      step.shared.apply(written.take_delta());
    } else {
      swap(step.shared, written);
    }
    return step_status::done;
  }
};

}  // namespace troupe::detail
