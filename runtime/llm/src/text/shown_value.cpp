#include "text/shown_value.hpp"

#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

namespace troupe::llm::detail {

namespace {

constexpr std::size_t shown_value_bytes_max = 60;

}  // namespace

std::string shown_value(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  if (value.is_string()) {
    return "\"" +
           printable(value.get_ref<const std::string&>(), line_breaks::joined,
                     shown_value_bytes_max) +
           "\"";
  }
  return write_json(value);
}

}  // namespace troupe::llm::detail
