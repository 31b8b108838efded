#pragma once

#include <troupe/batch.hpp>
#include <troupe/flow.hpp>
#include <troupe/run.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// A flow of one node, named "only".
template <class N>
troupe::flow one_node(N node, troupe::node_options options = {}) {
  troupe::flow_builder builder{"small"};
  builder.add("only", std::move(node), std::move(options));
  return builder.build();
}

/// The items {"i": 0} to {"i": count - 1} of a batch.
inline auto numbered(std::size_t count) {
  return [count](const troupe::state&) {
    std::vector<troupe::json> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back({{"i", i}});
    return items;
  };
}

/// What is left of a run's events, up to the final one. @pre the run is done
inline std::vector<troupe::event> events_of(const troupe::run& run) {
  std::vector<troupe::event> all;
  auto reader = run.events();
  while (auto next = reader.next()) all.push_back(*std::move(next));
  return all;
}

inline std::size_t count_of(const std::vector<troupe::event>& events,
                            troupe::event_kind kind) {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(),
                    [&](const auto& each) { return each.kind == kind; }));
}

/// Whether `text` has `part` in it.
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace troupe_test
