#pragma once

#include <string>
#include <vector>

namespace troupe_tool {

using row = std::vector<std::string>;

/// Returns rows of one length as lines in columns. @pre there is a row
[[nodiscard]] std::string in_columns(const std::vector<row>& rows);

}  // namespace troupe_tool
