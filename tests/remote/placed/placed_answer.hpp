#pragma once

#include "leases/served_flow.hpp"
#include "support/flows/small_flows.hpp"
#include "wire/messages.hpp"

#include <troupe/flow.hpp>
#include <troupe/remote/listener.hpp>
#include <troupe/state.hpp>

#include <chrono>
#include <cstddef>
#include <utility>

namespace troupe_test {

struct answer {
  int exec() const { return 42; }
  void post(troupe::state& shared, int given) const {
    shared.set("given", given);
  }
};

template <class N = answer>
troupe::flow placed_node(N node = {}) {
  return one_node(std::move(node), {.on = "gpu"});
}

/// That of a worker for everything that `flow` has placed.
inline troupe::remote::wire::hello hello_for(const troupe::flow& flow,
                                             std::size_t capacity = 1) {
  troupe::remote::wire::hello made;
  made.name = "raw";
  made.capacity = capacity;
  for (const auto& [name, each] : troupe::detail::served_in({flow})) {
    made.flows.emplace(name, each.form);
    made.labels.insert(each.labels.begin(), each.labels.end());
  }
  return made;
}

/// One whose workers need not say at once that they live.
inline troupe::remote::listener_options patient() {
  troupe::remote::listener_options made;
  made.silence_max = std::chrono::seconds{60};
  return made;
}

}  // namespace troupe_test
