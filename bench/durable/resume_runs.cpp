#include "durable/durable_cases.hpp"
#include "durable/durable_flows.hpp"
#include "durable/store_place.hpp"

#include <troupe/store.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

constexpr std::int64_t few_steps = 10;

system_options with_store(const measuring& how, const store_place& place,
                          const flow& work) {
  system_options options{.threads = how.threads};
  options.store = sqlite(place.file());
  options.flows = {work};
  return options;
}

/// Starts so many runs, each of which stands at its last node, and ends.
void leave_runs(const measuring& how, const durable_options& given,
                const store_place& place, const flow& work, std::size_t runs,
                std::int64_t steps) {
  system on{with_store(how, place, work)};
  std::vector<run> started;
  for (std::size_t i = 0; i < runs; ++i) {
    started.push_back(
        on.start(work, state{{"n", 0}},
                 {.id = "run" + std::to_string(i),
                  .durability = given.sync,
                  .steps_max = static_cast<std::uint64_t>(steps) + 1}));
  }
  const auto reader = read_store(place.file());
  for (const auto& each : started) {
    for (;;) {
      const auto there = reader->find(each.id());
      if (there && there->steps >= static_cast<std::uint64_t>(steps)) break;
      if (each.done()) throw std::runtime_error{"a run has ended too early"};
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
}

/// The seconds that it takes to go on with all runs and to end them.
double resume_s(const measuring& how, const store_place& place,
                const flow& work, std::size_t runs) {
  system on{with_store(how, place, work)};
  const double before = now_ns();
  auto resumed = on.resume_all();
  if (resumed.size() != runs) {
    throw std::runtime_error{std::to_string(resumed.size()) + " of " +
                             std::to_string(runs) + " runs were left"};
  }
  for (const auto& each : resumed) {
    if (!each.handle) throw std::runtime_error{each.why};
    if (const auto result = each.handle->get(); !result.ok()) {
      throw *result.failure;
    }
  }
  return (now_ns() - before) / 1e9;
}

double resume_s_of(const measuring& how, const durable_options& given,
                   std::size_t runs, std::int64_t steps) {
  const store_place place{given.folder};
  std::atomic<bool> waits{true};
  const flow work = stopping_flow(steps, waits);
  leave_runs(how, given, place, work, runs, steps);
  waits = false;
  return resume_s(how, place, work, runs);
}

}  // namespace

report resume_runs(const measuring& how, const durable_options& given) {
  report found{"resume"};
  found.set("sync", std::string{to_string(given.sync)});
  found.set("runs", given.runs);
  found.set("steps", given.steps);
  const double wall = resume_s_of(how, given, given.runs, given.steps);
  const double few = resume_s_of(how, given, given.runs, few_steps);
  found.set("wall_s", wall);
  found.set("few_steps_wall_s", few);
  found.set("ratio", wall / few);
  return found;
}

}  // namespace troupe::bench
