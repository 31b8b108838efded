#include "counting_flow.hpp"

#include "measure.hpp"

#include <cassert>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

struct count_one {
  /// The count at which it says "stop".
  std::int64_t last;

  std::int64_t prep(const state& shared) const {
    return shared.get<std::int64_t>("n");
  }
  std::int64_t exec(std::int64_t n) const { return n + 1; }
  action post(state& shared, std::int64_t, std::int64_t n) const {
    shared.set("n", n);
    if (n == last) return "stop";
    return {};
  }
};

}  // namespace

flow counting_flow(std::size_t nodes, std::int64_t last) {
  assert(last % static_cast<std::int64_t>(nodes) == 0);
  constexpr auto never = std::numeric_limits<std::int64_t>::max();
  flow_builder made{"counting"};
  std::vector<node_ref> ring;
  for (std::size_t i = 0; i < nodes; ++i) {
    ring.push_back(made.add("count" + std::to_string(i),
                            count_one{i + 1 == nodes ? last : never}));
    if (i > 0) ring[i - 1] >> ring[i];
  }
  ring.back() >> ring.front();
  (ring.back() - "stop") >> made.add("end", [](state&) {});
  return made.build();
}

double ns_per_step(system& on, const flow& counting, state document,
                   std::int64_t last) {
  document.set("n", 0);
  const run_options options{.steps_max = static_cast<std::uint64_t>(last) + 1};
  const double before = now_ns();
  const outcome result = on.start(counting, std::move(document), options).get();
  const double after = now_ns();
  if (!result.ok()) throw *result.failure;
  return (after - before) / static_cast<double>(last);
}

}  // namespace troupe::bench
