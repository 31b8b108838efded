#include "troupe/event.hpp"

#include <array>

namespace troupe {

std::string_view to_string(event_kind kind) noexcept {
  static constexpr std::array<std::string_view, 8> names = {
      "started",  "step",    "attempt", "retry",
      "fallback", "warning", "custom",  "finished"};
  return names[static_cast<std::size_t>(kind)];
}

event_detail detail_of(const event& what) noexcept {
  if (what.is_final) return event_detail::nothing;
  switch (what.kind) {
    case event_kind::started:
    case event_kind::finished:
      // The id of a sub-flow has the place where it began.
      return what.run.find('/') == std::string::npos ? event_detail::notable
                                                     : event_detail::steps;
    case event_kind::warning:
    case event_kind::custom:
      return event_detail::notable;
    case event_kind::step:
    case event_kind::attempt:
    case event_kind::retry:
    case event_kind::fallback:
      break;
  }
  return event_detail::steps;
}

}  // namespace troupe
