#pragma once

#include <string>

namespace troupe_test {

/// Returns whether `text` has `part` in it.
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace troupe_test
