#include "schema_cycles.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

namespace {

using parts = std::vector<const json*>;

/// The place that a reference is about, or null.
const json* target_of(const json& root, const std::string& reference) {
  try {
    const json::json_pointer place{reference.substr(1)};
    return root.contains(place) ? &root.at(place) : nullptr;
  } catch (const json::exception&) {
    return nullptr;
  }
}

void add_all(const json& of, const char* word, parts& into) {
  const auto found = of.find(word);
  if (found == of.end() || !found->is_structured()) return;
  for (const auto& each : *found) into.push_back(&each);
}

/// The schemas that look at the same value as `of` does.
parts same_value(const json& root, const json& of) {
  parts found;
  if (!of.is_object()) return found;
  const auto reference = of.find("$ref");
  if (reference != of.end() && reference->is_string()) {
    const auto* target = target_of(root, reference->get<std::string>());
    if (target != nullptr) found.push_back(target);
    return found;
  }
  for (const char* word : {"allOf", "anyOf", "oneOf", "dependencies"}) {
    add_all(of, word, found);
  }
  for (const char* word : {"not", "if", "then", "else"}) {
    if (const auto inner = of.find(word); inner != of.end()) {
      found.push_back(&*inner);
    }
  }
  return found;
}

}  // namespace

bool has_target(const json& root, const std::string& reference) {
  return target_of(root, reference) != nullptr;
}

bool has_endless_reference(const json& schema) {
  enum class mark { open, closed };
  std::map<const json*, mark> seen;
  // All places are begun at, as any of them may be referred to.
  parts begins{&schema};
  for (std::size_t i = 0; i < begins.size(); ++i) {
    if (!begins[i]->is_structured()) continue;
    for (const auto& each : *begins[i]) begins.push_back(&each);
  }
  for (const json* begin : begins) {
    if (seen.contains(begin)) continue;
    std::vector<std::pair<const json*, parts>> way;
    const auto enter = [&](const json* at) {
      seen[at] = mark::open;
      way.emplace_back(at, same_value(schema, *at));
    };
    enter(begin);
    while (!way.empty()) {
      auto& [at, left] = way.back();
      if (left.empty()) {
        seen[at] = mark::closed;
        way.pop_back();
        continue;
      }
      const json* next = left.back();
      left.pop_back();
      const auto known = seen.find(next);
      if (known == seen.end()) {
        enter(next);
      } else if (known->second == mark::open) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace troupe::llm::detail
