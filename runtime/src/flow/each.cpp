#include "troupe/each.hpp"

#include <string>

namespace troupe::detail {

std::vector<value> items_in_json(const value& list) {
  if (list.is_null()) return {};
  if (!list.is_array()) {
    throw error{errc::bad_items, "the items must be an array, got " +
                                     std::string{list.type_name()}};
  }
  return {list.begin(), list.end()};
}

}  // namespace troupe::detail
