#pragma once

#include <troupe/detail/fiber/step_scope.hpp>
#include <troupe/detail/node/step_keeper.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::detail {

/// The durable step that the present thread executes, for as long as this
/// lives.
///
/// Thread safety: each thread has its own.
class current_step {
 public:
  explicit current_step(step_keeper* which) noexcept
      : scope_({which, nullptr, step_scope::no_item}) {}

  /// Returns whether there is one.
  [[nodiscard]] static bool is_any() noexcept {
    const auto& here = step_scope::here();
    return here.keeper != nullptr || here.names != nullptr;
  }
  /// Names the next run that the step starts; nothing while there is no step.
  [[nodiscard]] static std::optional<started_run> next_run(
      std::string_view flow) {
    const auto& here = step_scope::here();
    std::optional<std::size_t> item;
    if (here.item != step_scope::no_item) item = here.item;
    if (here.names != nullptr) return here.names->next(flow, item);
    const auto names = here.keeper != nullptr ? here.keeper->names() : nullptr;
    if (!names) return std::nullopt;
    return names->next(flow, item);
  }

 private:
  in_scope scope_;
};

}  // namespace troupe::detail
