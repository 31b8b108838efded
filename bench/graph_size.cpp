#include "cases.hpp"
#include "counting_flow.hpp"
#include "raw/raw_caf.hpp"

#include <algorithm>

namespace troupe::bench {

namespace {

constexpr std::size_t small_graph = 10;

std::int64_t rounded(std::int64_t steps, std::size_t nodes) {
  const auto size = static_cast<std::int64_t>(nodes);
  return std::max<std::int64_t>(steps / size, 1) * size;
}

}  // namespace

report graph_size(const measuring& how, std::size_t nodes, std::int64_t steps) {
  const auto few_steps = rounded(steps, small_graph);
  const auto many_steps = rounded(steps, nodes);
  const flow few = counting_flow(small_graph, few_steps);
  const flow many = counting_flow(nodes, many_steps);
  samples at_few;
  samples at_many;
  samples growth;
  samples requests;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    {
      system on{{.threads = how.threads}};
      const double less = ns_per_step(on, few, {}, few_steps);
      const double more = ns_per_step(on, many, {}, many_steps);
      at_few.add(less);
      at_many.add(more);
      growth.add(more / less);
    }
    requests.add(ns_per_request(how.threads, nodes, 1, steps));
  }
  report found{"graph"};
  found.set("nodes", nodes);
  found.set("threads", how.threads);
  found.set("steps", many_steps);
  found.set("repetitions", how.repetitions);
  found.set("ns_per_step", at_many);
  found.set("ns_per_step_at_10_nodes", at_few);
  found.set("growth", growth);
  found.set("caf_request_ns", requests);
  found.set("ratio", at_many.median() / requests.median());
  return found;
}

}  // namespace troupe::bench
