#include "text/exact_text.hpp"

#include "text/exact_number.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t bytes_per_step = 16;

void append_quoted(const std::string& text, step_budget& budget,
                   std::string& into) {
  budget.spend(text.size() / bytes_per_step);
  // The length tells where it ends.
  into += std::to_string(text.size());
  into += '"';
  into += text;
}

/// A part of a text, to be sorted by its hash first, which is quicker.
struct hashed_part {
  std::size_t hash;
  std::size_t begin;
  std::size_t size;
};

}  // namespace

void append_exact_text(const json& value, step_budget& budget,
                       std::string& into) {
  budget.spend(1);
  if (value.is_number()) {
    append_exact(value, into);
  } else if (value.is_string()) {
    append_quoted(value.get_ref<const std::string&>(), budget, into);
  } else if (value.is_boolean()) {
    into += value.get<bool>() ? "true" : "false";
  } else if (value.is_object()) {
    into += '{';
    for (auto each = value.begin(); each != value.end(); ++each) {
      append_quoted(each.key(), budget, into);
      append_exact_text(*each, budget, into);
      into += ',';
    }
    into += '}';
  } else if (value.is_array()) {
    into += '[';
    for (const auto& each : value) {
      append_exact_text(each, budget, into);
      into += ',';
    }
    into += ']';
  } else {
    into += "null";
  }
}

bool has_unique_elements(const json& list, step_budget& budget) {
  if (list.size() < 2) return true;
  // Sorting costs less than a step for an element.
  budget.spend(list.size() / 2);
  std::string text;
  std::vector<hashed_part> parts;
  parts.reserve(list.size());
  for (const auto& each : list) {
    const auto begin = text.size();
    append_exact_text(each, budget, text);
    const auto made = std::string_view{text}.substr(begin);
    parts.push_back({std::hash<std::string_view>{}(made), begin, made.size()});
  }
  const auto text_of = [&](const hashed_part& part) {
    return std::string_view{text}.substr(part.begin, part.size);
  };
  std::sort(parts.begin(), parts.end(),
            [&](const hashed_part& one, const hashed_part& other) {
              if (one.hash != other.hash) return one.hash < other.hash;
              return text_of(one) < text_of(other);
            });
  return std::adjacent_find(
             parts.begin(), parts.end(),
             [&](const hashed_part& one, const hashed_part& other) {
               return one.hash == other.hash && text_of(one) == text_of(other);
             }) == parts.end();
}

}  // namespace troupe::llm::detail
