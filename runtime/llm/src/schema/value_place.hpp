#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::llm::detail {

/// A step from a value into it.
struct place_part {
  /// Of a member; of an element, null.
  const std::string* name = nullptr;
  std::size_t index = 0;
};

/// A place within a value, for people: printable, and cut.
[[nodiscard]] std::string shown_place(const std::vector<place_part>& parts);

}  // namespace troupe::llm::detail
