#include "columns.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace troupe_tool {

std::string in_columns(const std::vector<row>& rows) {
  assert(!rows.empty());
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& each : rows) {
    for (std::size_t i = 0; i < each.size(); ++i) {
      widths[i] = std::max(widths[i], each[i].size());
    }
  }
  std::string text;
  for (const auto& each : rows) {
    for (std::size_t i = 0; i < each.size(); ++i) {
      text += each[i];
      const bool is_last = i + 1 == each.size();
      text.append(is_last ? 0 : widths[i] - each[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace troupe_tool
