#include "cases.hpp"
#include "counting_flow.hpp"
#include "raw/raw_caf.hpp"

#include <string>
#include <utility>

namespace troupe::bench {

namespace {

constexpr std::size_t small_bytes = 1024;
constexpr std::size_t loop_nodes = 2;

/// A document with texts of 100 bytes, `bytes` in all, in one member.
state document_of(std::size_t bytes) {
  constexpr std::size_t each = 100;
  value lines = value::array();
  for (std::size_t i = 0; i < bytes / each; ++i) {
    // Texts of their own, not one that is shared.
    lines = std::move(lines).appended(value{std::string(each, 'x')});
  }
  state made;
  made.set("documents", std::move(lines));
  return made;
}

}  // namespace

report state_size(const measuring& how, std::size_t bytes, std::int64_t steps) {
  const flow counting = counting_flow(loop_nodes, steps);
  const state small = document_of(small_bytes);
  const state large = document_of(bytes);
  samples at_small;
  samples at_large;
  samples growth;
  samples requests;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    {
      system on{{.threads = how.threads}};
      const double less = ns_per_step(on, counting, small, steps);
      const double more = ns_per_step(on, counting, large, steps);
      at_small.add(less);
      at_large.add(more);
      growth.add(more / less);
    }
    requests.add(ns_per_request(how.threads, loop_nodes, 1, steps));
  }
  report found{"state"};
  found.set("bytes", bytes);
  found.set("threads", how.threads);
  found.set("steps", steps);
  found.set("repetitions", how.repetitions);
  found.set("ns_per_step", at_large);
  found.set("ns_per_step_at_1_kb", at_small);
  found.set("growth", growth);
  found.set("caf_request_ns", requests);
  found.set("ratio", at_large.median() / requests.median());
  return found;
}

}  // namespace troupe::bench
