#include "schema/schema_cycles.hpp"

#include <utility>
#include <vector>

namespace troupe::llm::detail {

namespace {

using schemas = std::vector<schema_index>;

void add_all(const schemas& from, schemas& into) {
  into.insert(into.end(), from.begin(), from.end());
}

/// The schemas that look at the same value as `of` does.
schemas same_value(const schema_node& of) {
  schemas found;
  if (of.reference) found.push_back(*of.reference);
  if (of.combined) {
    const auto& rules = *of.combined;
    for (const auto* each : {&rules.all, &rules.any, &rules.one}) {
      add_all(*each, found);
    }
    for (const auto& each :
         {rules.none, rules.condition, rules.if_fits, rules.otherwise}) {
      if (each) found.push_back(*each);
    }
  }
  if (of.objects) {
    for (const auto& each : of.objects->dependencies) {
      if (each.schema) found.push_back(*each.schema);
    }
  }
  return found;
}

}  // namespace

const schema_node* endless_reference(const schema_program& program) {
  enum class mark : std::uint8_t { unseen, open, closed };
  std::vector<mark> seen(program.schemas.size(), mark::unseen);
  // All are begun at, as any of them may be referred to.
  for (schema_index begin = 0; begin < seen.size(); ++begin) {
    if (seen[begin] != mark::unseen) continue;
    std::vector<std::pair<schema_index, schemas>> way;
    const auto enter = [&](schema_index at) {
      seen[at] = mark::open;
      way.emplace_back(at, same_value(program.schemas[at]));
    };
    enter(begin);
    while (!way.empty()) {
      auto& [at, left] = way.back();
      if (left.empty()) {
        seen[at] = mark::closed;
        way.pop_back();
        continue;
      }
      const auto next = left.back();
      left.pop_back();
      if (seen[next] == mark::open) return &program.schemas[next];
      if (seen[next] == mark::unseen) enter(next);
    }
  }
  return nullptr;
}

}  // namespace troupe::llm::detail
