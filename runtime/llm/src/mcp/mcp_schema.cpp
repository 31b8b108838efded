#include "mcp/mcp_schema.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::llm::mcp::detail {

namespace {

/// A deeper schema is refused elsewhere.
constexpr std::size_t schema_depth_max = 100;

constexpr std::array<std::string_view, 5> maps_of_schemas = {
    "properties", "patternProperties", "$defs", "definitions",
    "dependentSchemas"};
constexpr std::array<std::string_view, 4> lists_of_schemas = {
    "anyOf", "oneOf", "allOf", "prefixItems"};
constexpr std::array<std::string_view, 11> single_schemas = {
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "additionalItems",
    "unevaluatedItems",
    "unevaluatedProperties"};
/// Words with any value, null among them.
constexpr std::array<std::string_view, 4> words_of_values = {
    "const", "default", "examples", "example"};

template <class Words>
bool is_word_of(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

json usable(const json& given, std::size_t depth);

json usable_map(const json& given, std::size_t depth) {
  json map = json::object();
  if (!given.is_object()) return map;
  for (const auto& [name, schema] : given.items()) {
    map[name] = usable(schema, depth);
  }
  return map;
}

json usable_list(const json& given, std::size_t depth) {
  json list = json::array();
  if (!given.is_array()) return list;
  for (const auto& each : given) list.push_back(usable(each, depth));
  return list;
}

/// The value of a word; null to leave it out.
json usable_word(const std::string& word, const json& content,
                 std::size_t depth) {
  if (is_word_of(maps_of_schemas, word)) return usable_map(content, depth);
  if (is_word_of(lists_of_schemas, word)) {
    auto list = usable_list(content, depth);
    return list.empty() ? json() : list;
  }
  if (is_word_of(single_schemas, word)) {
    const bool is_tuple =
        word == "items" && content.is_array() && !content.empty();
    return is_tuple ? usable_list(content, depth) : usable(content, depth);
  }
  const bool is_empty_list = content.is_array() && content.empty();
  if (word == "enum") {
    return content.is_array() && !is_empty_list ? content : json();
  }
  if (word == "required") return content.is_array() ? content : json();
  if (word == "type" && (is_empty_list || content == "")) return {};
  return content;
}

/// Draft 4 has a boolean beside the limit, which is one or the other.
void take_exclusive(json& schema, const char* exclusive, const char* limit) {
  const auto found = schema.find(exclusive);
  if (found == schema.end() || !found->is_boolean()) return;
  const bool holds = found->get<bool>();
  schema.erase(found);
  const auto number = schema.find(limit);
  if (!holds || number == schema.end() || !number->is_number()) return;
  json least = *number;
  schema.erase(number);
  schema[exclusive] = std::move(least);
}

json usable(const json& given, std::size_t depth) {
  if (given.is_boolean()) return given;
  // Also of null, an empty list, and what makes no sense at all.
  json schema = json::object();
  if (!given.is_object()) return schema;
  if (depth >= schema_depth_max) return given;
  for (const auto& [word, content] : given.items()) {
    if (is_word_of(words_of_values, word)) {
      schema[word] = content;
      continue;
    }
    const bool is_map = is_word_of(maps_of_schemas, word);
    if (content.is_null() && !is_map) continue;
    auto usable_content = usable_word(word, content, depth + 1);
    if (!usable_content.is_null()) schema[word] = std::move(usable_content);
  }
  take_exclusive(schema, "exclusiveMinimum", "minimum");
  take_exclusive(schema, "exclusiveMaximum", "maximum");
  return schema;
}

}  // namespace

json usable_schema(const json& given) { return usable(given, 0); }

}  // namespace troupe::llm::mcp::detail
