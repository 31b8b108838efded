#include "schema/strict_schema.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

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
  const std::set<json> known(required.begin(), required.end());
  for (const auto& [name, form] : members->items()) {
    if (known.contains(name)) continue;
    if (!takes_null(form)) return false;
    required.push_back(name);
  }
  return true;
}

/// Words that say something of one value, which the server can be held to.
constexpr std::array<std::string_view, 16> held_to = {
    "type",        "enum",     "const",   "required",
    "description", "title",    "pattern", "$ref",
    "multipleOf",  "maximum",  "minimum", "exclusiveMaximum",
    "minItems",    "maxItems", "$schema", "exclusiveMinimum"};
constexpr std::array<std::string_view, 9> known_formats = {
    "date-time", "time", "date", "duration", "email",
    "hostname",  "ipv4", "ipv6", "uuid"};

template <class Words>
bool is_in(std::string_view word, const Words& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool make_strict(json& schema);

bool make_all_strict(json& schemas) {
  return schemas.is_structured() &&
         std::all_of(schemas.begin(), schemas.end(), make_strict);
}

bool can_be_held_to(const std::string& word, json& form) {
  if (word == "properties" || word == "$defs" || word == "definitions" ||
      word == "anyOf") {
    return make_all_strict(form);
  }
  if (word == "items") return make_strict(form);
  if (word == "additionalProperties") return form == false;
  if (word == "format") {
    return form.is_string() &&
           is_in(form.get_ref<const std::string&>(), known_formats);
  }
  return is_in(word, held_to);
}

bool make_strict(json& schema) {
  if (!schema.is_object()) return false;
  const auto type = schema.value("type", json{});
  const bool is_object = type == "object" ||
                         (type.is_array() && std::find(type.begin(), type.end(),
                                                       "object") != type.end());
  if (is_object && !require_all(schema)) return false;
  for (auto& [word, form] : schema.items()) {
    if (!can_be_held_to(word, form)) return false;
  }
  return true;
}

/// Words that Anthropic's servers refuse.
constexpr std::array<std::string_view, 11> refused_words = {
    "minimum",   "maximum",       "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength",     "multipleOf",       "minItems",
    "maxItems",  "minProperties", "maxProperties"};

void leave_out_refused(json& schema) {
  if (schema.is_array()) {
    for (auto& each : schema) leave_out_refused(each);
    return;
  }
  if (!schema.is_object()) return;
  for (const auto word : refused_words) schema.erase(std::string{word});
  for (auto& [word, form] : schema.items()) {
    if (word == "properties" || word == "$defs" || word == "definitions") {
      if (!form.is_object()) continue;
      for (auto& each : form) leave_out_refused(each);
    } else if (word != "enum" && word != "const" && word != "default" &&
               word != "examples") {
      leave_out_refused(form);
    }
  }
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

json anthropic_schema_of(const json& schema) {
  json form = schema;
  leave_out_refused(form);
  return form;
}

}  // namespace troupe::llm::detail
