#pragma once

#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>

#include <cstddef>
#include <utility>

namespace troupe_test {

/// Notes the number of its item.
struct echo {
  int exec(troupe::context& ctx) const {
    return ctx.params().at("i").get<int>();
  }
  void post(troupe::state& shared, int i) const { shared.append("done", i); }
};

/// Some items at once, on workers.
template <class N = echo>
troupe::flow placed_items(std::size_t items = 4, N node = {}) {
  return troupe::batch("all", one_node(std::move(node)), numbered(items),
                       {.concurrency = 4, .on = "gpu"});
}

}  // namespace troupe_test
