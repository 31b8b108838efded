#pragma once

#include "support/has.hpp"

#include <troupe/batch.hpp>
#include <troupe/flow.hpp>

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

}  // namespace troupe_test
