#include "strict_schema.hpp"

#include <algorithm>
#include <string>

namespace troupe::llm::detail {

namespace {

bool has_null(const json& type) {
  return type == "null" ||
         (type.is_array() &&
          std::find(type.begin(), type.end(), "null") != type.end());
}

bool takes_null(const json& schema) {
  if (!schema.is_object()) return false;
  if (const auto type = schema.find("type"); type != schema.end()) {
    return has_null(*type);
  }
  const auto choices = schema.find("anyOf");
  return choices != schema.end() && choices->is_array() &&
         std::any_of(choices->begin(), choices->end(), takes_null);
}

/// Requires all members of an object. False if one may neither be left out nor
/// be null.
bool require_all(json& object) {
  const auto members = object.find("properties");
  if (object.value("additionalProperties", json(true)) != false ||
      members == object.end() || !members->is_object()) {
    return false;
  }
  json& required = object["required"];
  if (!required.is_array()) required = json::array();
  for (const auto& [name, form] : members->items()) {
    if (std::find(required.begin(), required.end(), name) != required.end()) {
      continue;
    }
    if (!takes_null(form)) return false;
    required.push_back(name);
  }
  return true;
}

bool make_strict(json& schema) {
  if (schema.is_array()) {
    return std::all_of(schema.begin(), schema.end(), make_strict);
  }
  if (!schema.is_object()) return true;
  const auto type = schema.value("type", json{});
  const bool is_object = type == "object" ||
                         (type.is_array() && std::find(type.begin(), type.end(),
                                                       "object") != type.end());
  if (is_object && !require_all(schema)) return false;
  return std::all_of(schema.begin(), schema.end(), make_strict);
}

}  // namespace

openai_schema openai_schema_of(const json& schema) {
  json form = schema;
  // The whole must be an object.
  if (form.is_object() && form.value("type", json{}) == "object" &&
      make_strict(form)) {
    return {std::move(form), true};
  }
  return {schema, false};
}

}  // namespace troupe::llm::detail
