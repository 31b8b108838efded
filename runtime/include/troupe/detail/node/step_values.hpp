#pragma once

#include "troupe/detail/node/node_model.hpp"
#include "troupe/detail/node/typed_phases.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

namespace troupe::detail {

/// What a step of node `N` that waits or has failed keeps on the heap.
template <class N>
struct step_values final : kept_values {
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

  /// The phase whose task it waits for.
  enum class stage : std::uint8_t { prep, exec, fallback, post };
  using exec_task_t = std::conditional_t<std::same_as<exec_t, no_value>,
                                         task<void>, task<exec_t>>;
  struct unused {
    void reset() noexcept {}
  };

  /// Those of `step`, made by the first call.
  static step_values& of(frame& step) {
    if (!step.kept) step.kept = std::make_unique<step_values>();
    return static_cast<step_values&>(*step.kept);
  }

  // The tasks come last: they may refer to the values and go first.
  stage at = stage::prep;
  std::optional<prep_t> prepared;
  [[no_unique_address]] std::conditional_t<p::post_is_task,
                                           std::optional<exec_t>, unused>
      given;
  [[no_unique_address]] std::conditional_t<p::post_is_task,
                                           std::optional<state>, unused>
      written;
  [[no_unique_address]] std::conditional_t<p::prep_is_task,
                                           typename p::prep_result, unused>
      prep_task;
  exec_task_t exec_task;
  [[no_unique_address]] std::conditional_t<p::post_is_task,
                                           typename p::post_result, unused>
      post_task;
};

}  // namespace troupe::detail
