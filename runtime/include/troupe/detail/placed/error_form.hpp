#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"

namespace troupe::detail {

/// An error for the store and the wire. What cannot travel is the exception
/// behind it, `error::cause`.
[[nodiscard]] json error_form(const error& from);
/// Reads what `error_form` gave. Errors: errc::bad_value for anything else.
[[nodiscard]] error error_from(const json& form);

}  // namespace troupe::detail
