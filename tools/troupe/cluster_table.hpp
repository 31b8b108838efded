#pragma once

#include <troupe/json.hpp>

#include <string>

namespace troupe_tool {

/// What `remote::status_of` gave, for people: a line on the supervisor and one
/// on each worker, in columns.
[[nodiscard]] std::string cluster_table(const troupe::json& report);

}  // namespace troupe_tool
