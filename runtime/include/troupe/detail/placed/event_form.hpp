#pragma once

#include "troupe/event.hpp"
#include "troupe/json.hpp"

namespace troupe::detail {

/// An event for the wire: with its date, but without its time, which means
/// nothing to another clock.
[[nodiscard]] json event_form(const event& from);
/// Reads what `event_form` gave; it happened now. Errors: errc::bad_value for
/// anything else.
[[nodiscard]] event event_from(const json& form, time_point now);

}  // namespace troupe::detail
