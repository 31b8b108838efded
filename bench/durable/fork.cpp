#include "durable/durable_cases.hpp"
#include "durable/durable_flows.hpp"
#include "durable/store_place.hpp"

#include <troupe/store.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::bench {

namespace {

constexpr std::uint64_t early_step = 4;

/// The milliseconds that it takes to fork "run0" after `step`.
double fork_ms(run_store& store, const std::string& id, std::uint64_t step) {
  const double before = now_ns();
  const auto reader = store.reader();
  fork_order order;
  order.run = "run0";
  order.id = id;
  order.after_step = step;
  const auto made = fork_run(store, *reader, order);
  const double ms = (now_ns() - before) / 1e6;
  const auto n = last_state(*reader, made.id).get<std::uint64_t>("n");
  if (n != step + 1) {
    throw std::runtime_error{"a fork after step " + std::to_string(step) +
                             " has counted to " + std::to_string(n)};
  }
  return ms;
}

}  // namespace

report fork_runs(const measuring& how, const durable_options& given) {
  const store_place place{given.folder};
  system_options options{.threads = how.threads};
  options.store = sqlite(place.file());
  const auto store = options.store;
  system on{std::move(options)};
  const auto steps = static_cast<std::uint64_t>(given.steps);
  const auto whole =
      on.start(writing_flow(given.steps, given.bytes), state{{"n", 0}},
               {.id = "run0", .durability = given.sync, .steps_max = steps + 1})
          .get();
  if (!whole.ok()) throw *whole.failure;
  samples middle;
  samples early;
  samples ratio;
  const auto first = std::min(early_step, steps / 2);
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const auto number = std::to_string(i);
    const double late_ms = fork_ms(*store, "middle" + number, steps / 2);
    const double early_ms = fork_ms(*store, "early" + number, first);
    middle.add(late_ms);
    early.add(early_ms);
    ratio.add(late_ms / early_ms);
  }
  report found{"fork"};
  found.set("sync", std::string{to_string(given.sync)});
  found.set("steps", given.steps);
  found.set("bytes", given.bytes);
  found.set("after_step", steps / 2);
  found.set("repetitions", how.repetitions);
  found.set("wall_ms", middle);
  found.set("early_wall_ms", early);
  found.set("ratio", ratio);
  return found;
}

}  // namespace troupe::bench
