#include "troupe/event.hpp"

#include <array>

namespace troupe {

std::string_view to_string(event_kind kind) noexcept {
  static constexpr std::array<std::string_view, 8> names = {
      "started",  "step",    "attempt", "retry",
      "fallback", "warning", "custom",  "finished"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace troupe
