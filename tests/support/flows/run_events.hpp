#pragma once

#include <troupe/run.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace troupe_test {

/// What is left of a run's events, up to the final one, which it waits for.
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

}  // namespace troupe_test
