#include "schema/value_types.hpp"

#include "text/exact_number.hpp"

#include <utility>

namespace troupe::llm::detail {

value_types types_named(std::string_view name) noexcept {
  constexpr std::pair<std::string_view, value_types> known[] = {
      {"null", null_type},       {"boolean", boolean_type},
      {"integer", integer_type}, {"number", number_type | integer_type},
      {"string", text_type},     {"array", list_type},
      {"object", object_type}};
  for (const auto& [each, types] : known) {
    if (name == each) return types;
  }
  return 0;
}

std::string names_of(value_types types) {
  constexpr std::pair<value_types, std::string_view> names[] = {
      {null_type, "null"},       {boolean_type, "a boolean"},
      {number_type, "a number"}, {integer_type, "an integer"},
      {text_type, "a string"},   {list_type, "an array"},
      {object_type, "an object"}};
  std::string text;
  for (const auto& [type, name] : names) {
    if ((types & type) == 0) continue;
    // A number may be an integer.
    if (type == integer_type && (types & number_type) != 0) continue;
    text += (text.empty() ? "" : " or ") + std::string{name};
  }
  return text;
}

value_types type_of(const json& value) {
  switch (value.type()) {
    case json::value_t::boolean:
      return boolean_type;
    case json::value_t::string:
      return text_type;
    case json::value_t::array:
      return list_type;
    case json::value_t::object:
      return object_type;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      return integer_type;
    case json::value_t::number_float:
      return is_whole(value) ? integer_type : number_type;
    default:
      return null_type;
  }
}

}  // namespace troupe::llm::detail
