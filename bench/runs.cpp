#include "cases.hpp"
#include "counting_flow.hpp"
#include "raw/raw_caf.hpp"

#include <vector>

namespace troupe::bench {

namespace {

double steps_per_s(std::size_t threads, std::size_t count, std::int64_t steps) {
  const flow counting = counting_flow(2, steps);
  system on{{.threads = threads}};
  const run_options options{.steps_max = static_cast<std::uint64_t>(steps) + 1};
  std::vector<run> started;
  const double before = now_ns();
  for (std::size_t i = 0; i < count; ++i) {
    started.push_back(on.start(counting, state{{"n", 0}}, options));
  }
  for (const auto& each : started) {
    if (const auto result = each.get(); !result.ok()) throw *result.failure;
  }
  return static_cast<double>(count) * static_cast<double>(steps) /
         (now_ns() - before) * 1e9;
}

}  // namespace

report runs(const measuring& how, std::size_t count, std::int64_t steps) {
  samples one;
  samples many;
  samples scaling;
  samples caf_one;
  samples caf_many;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const double alone = steps_per_s(1, count, steps);
    const double together = steps_per_s(how.threads, count, steps);
    one.add(alone);
    many.add(together);
    scaling.add(together / alone);
    caf_one.add(1e9 / ns_per_request(1, 2, count, steps));
    caf_many.add(1e9 / ns_per_request(how.threads, 2, count, steps));
  }
  report found{"runs"};
  found.set("runs", count);
  found.set("threads", how.threads);
  found.set("steps", steps);
  found.set("repetitions", how.repetitions);
  found.set("steps_per_s", many);
  found.set("steps_per_s_one_thread", one);
  found.set("scaling", scaling);
  found.set("caf_requests_per_s", caf_many);
  found.set("caf_requests_per_s_one_thread", caf_one);
  found.set("ratio", many.median() / caf_many.median());
  return found;
}

}  // namespace troupe::bench
