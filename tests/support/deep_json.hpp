#pragma once

#include <troupe/json.hpp>

#include <cstddef>
#include <utility>

namespace troupe_test {

/// Arrays within arrays, so many in all.
inline troupe::json deep_array(std::size_t depth) {
  troupe::json form = troupe::json::array();
  for (std::size_t i = 1; i < depth; ++i) {
    troupe::json outer = troupe::json::array();
    outer.push_back(std::move(form));
    form = std::move(outer);
  }
  return form;
}

}  // namespace troupe_test
