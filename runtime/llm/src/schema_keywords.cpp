#include "schema_keywords.hpp"

#include "schema_cycles.hpp"
#include "troupe/error.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

namespace {

constexpr std::array<std::string_view, 28> about_values = {"type",
                                                           "enum",
                                                           "const",
                                                           "multipleOf",
                                                           "maximum",
                                                           "exclusiveMaximum",
                                                           "minimum",
                                                           "exclusiveMinimum",
                                                           "maxLength",
                                                           "minLength",
                                                           "pattern",
                                                           "maxItems",
                                                           "minItems",
                                                           "uniqueItems",
                                                           "maxProperties",
                                                           "minProperties",
                                                           "required",
                                                           "format",
                                                           "title",
                                                           "description",
                                                           "default",
                                                           "examples",
                                                           "$comment",
                                                           "readOnly",
                                                           "writeOnly",
                                                           "contentEncoding",
                                                           "contentMediaType",
                                                           "deprecated"};
constexpr std::array<std::string_view, 9> with_schema = {"additionalItems",
                                                         "additionalProperties",
                                                         "contains",
                                                         "propertyNames",
                                                         "not",
                                                         "if",
                                                         "then",
                                                         "else",
                                                         "items"};
constexpr std::array<std::string_view, 3> with_list = {"allOf", "anyOf",
                                                       "oneOf"};
constexpr std::array<std::string_view, 5> with_members = {
    "properties", "patternProperties", "definitions", "$defs", "dependencies"};
constexpr std::array<std::string_view, 3> dialects = {
    "json-schema.org/draft-07/schema", "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft/2020-12/schema"};

constexpr std::size_t pattern_bytes_max = 1'000;

template <std::size_t N>
bool is_in(std::string_view word,
           const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

[[noreturn]] void refuse(const std::string& place, const std::string& what) {
  throw error{
      errc::bad_flow,
      "the JSON schema" + (place.empty() ? "" : " at " + place) + " " + what}
      .permanent();
}

/// A part of a schema that is to be looked at.
struct part {
  const json* form;
  std::string place;
};

void check_reference(const json& root, const json& target,
                     const std::string& place) {
  if (!target.is_string() ||
      target.get_ref<const std::string&>().rfind('#', 0) != 0) {
    refuse(place, "refers to something outside of it");
  }
  // The validator reads these in other ways than the check for endless
  // references does.
  const auto& text = target.get_ref<const std::string&>();
  if (text.find('%') != text.npos || text.find("//") != text.npos ||
      (text.size() > 1 && text.back() == '/')) {
    refuse(place, "has a $ref that is not supported");
  }
  if (!has_target(root, text)) refuse(place, "refers to nothing");
}

void check_dialect(const json& name, const std::string& place) {
  if (name.is_string()) {
    const auto& text = name.get_ref<const std::string&>();
    for (const auto each : dialects) {
      if (text.find(each) != std::string::npos) return;
    }
  }
  refuse(place, "has a $schema other than draft 7 and later ones");
}

void check_pattern(const std::string& pattern, const std::string& place) {
  // Compiling one takes the stack, too.
  if (pattern.size() > pattern_bytes_max) refuse(place, "is too long");
  try {
    static_cast<void>(std::regex{pattern});
  } catch (const std::regex_error&) {
    refuse(place, "is no regular expression");
  }
}

void check_keyword(const json& root, const std::string& word, const json& form,
                   const part& of, std::vector<part>& open) {
  const auto place = of.place + "/" + word;
  if (word == "pattern" && form.is_string()) {
    check_pattern(form.get_ref<const std::string&>(), place);
  }
  if (is_in(word, about_values)) return;
  if (is_in(word, with_schema)) {
    if (word == "items" && form.is_array()) {
      for (const auto& each : form) open.push_back({&each, place});
    } else {
      open.push_back({&form, place});
    }
  } else if (is_in(word, with_list)) {
    if (!form.is_array()) refuse(place, "is no list");
    for (const auto& each : form) open.push_back({&each, place});
  } else if (is_in(word, with_members)) {
    if (!form.is_object()) refuse(place, "is no object");
    for (const auto& [name, each] : form.items()) {
      if (word == "patternProperties") check_pattern(name, place);
      // Of dependencies, a list names members.
      if (!each.is_array()) open.push_back({&each, place + "/" + name});
    }
  } else if (word == "$ref") {
    check_reference(root, form, of.place);
  } else if (word == "$schema") {
    check_dialect(form, of.place);
  } else if (word != "$id" || !of.place.empty()) {
    refuse(of.place, "has the keyword '" + word + "', which is not supported");
  }
}

}  // namespace

bool is_nested_too_deep(const json& form) {
  std::vector<std::pair<const json*, std::size_t>> open{{&form, 0}};
  while (!open.empty()) {
    const auto [each, depth] = open.back();
    open.pop_back();
    if (depth > nesting_max) return true;
    if (!each->is_structured()) continue;
    for (const auto& inner : *each) open.emplace_back(&inner, depth + 1);
  }
  return false;
}

void check_keywords(const json& schema) {
  if (is_nested_too_deep(schema)) refuse({}, "is nested too deeply");
  if (has_endless_reference(schema)) refuse({}, "refers to itself endlessly");
  std::vector<part> open{{&schema, {}}};
  while (!open.empty()) {
    const part each = std::move(open.back());
    open.pop_back();
    if (each.form->is_boolean()) continue;
    if (!each.form->is_object()) {
      refuse(each.place, "is neither an object nor a boolean");
    }
    // Draft 7, 8.3: what stands beside a reference says nothing.
    const auto reference = each.form->find("$ref");
    if (reference != each.form->end() && reference->is_string()) {
      check_reference(schema, *reference, each.place);
      for (const char* word : {"definitions", "$defs"}) {
        if (const auto found = each.form->find(word);
            found != each.form->end()) {
          check_keyword(schema, word, *found, each, open);
        }
      }
      continue;
    }
    for (const auto& [word, form] : each.form->items()) {
      check_keyword(schema, word, form, each, open);
    }
  }
}

}  // namespace troupe::llm::detail
