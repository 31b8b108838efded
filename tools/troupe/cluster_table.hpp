#pragma once

#include <troupe/json.hpp>

#include <string>

namespace troupe_tool {

/// Returns the result of `remote::status_of` for people: a line on the
/// supervisor and one on each worker, in columns. It is safe for a terminal,
/// whatever the supervisor and its workers say.
/// Errors: throws `errc::bad_reply` for what is no such report.
[[nodiscard]] std::string cluster_table(const troupe::json& report);

}  // namespace troupe_tool
