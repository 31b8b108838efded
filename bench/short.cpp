#include "cases.hpp"
#include "numbered_items.hpp"

#include <troupe/batch.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace troupe::bench {

namespace {

struct add_one {
  std::int64_t prep(const state& shared) const {
    return shared.get<std::int64_t>("n");
  }
  std::int64_t exec(std::int64_t n) const { return n + 1; }
  void post(state& shared, std::int64_t, std::int64_t n) const {
    shared.set("n", n);
  }
};

/// Three nodes, one after the other.
flow three_nodes() {
  flow_builder made{"short"};
  made.add("first", add_one{}) >> made.add("second", add_one{}) >>
      made.add("third", add_one{});
  return made.build();
}

/// A batch of so many sub-flows of one node.
flow few_branches(std::size_t branches) {
  flow_builder one{"branch"};
  one.add("only", [](state& shared) { shared.set("n", 1); });
  return batch(
      "branches", one.build(),
      [branches](const state&) { return numbered_items{branches}; },
      {.concurrency = concurrency_max, .on_conflict = on_conflict::agree});
}

void check(const outcome& result) {
  if (!result.ok()) throw *result.failure;
}

struct figures {
  double us_per_run = 0;
  double p99_us = 0;
  double cpu_us_per_run = 0;
};

/// One run after the other, each awaited by the thread that started it.
figures waited_for(std::size_t threads, const flow& work, std::size_t runs) {
  system on{{.threads = threads}};
  std::vector<double> each(runs);
  for (std::size_t i = 0; i < runs / 10; ++i) {
    check(on.start(work, state{{"n", 0}}).get());
  }
  const double cpu_before = cpu_s();
  const double before = now_ns();
  for (auto& took : each) {
    const double began = now_ns();
    check(on.start(work, state{{"n", 0}}).get());
    took = now_ns() - began;
  }
  const auto count = static_cast<double>(runs);
  figures found;
  found.us_per_run = (now_ns() - before) / count / 1e3;
  found.cpu_us_per_run = (cpu_s() - cpu_before) / count * 1e6;
  const auto rank = each.begin() + static_cast<std::ptrdiff_t>(runs * 99 / 100);
  std::nth_element(each.begin(), rank, each.end());
  found.p99_us = *rank / 1e3;
  return found;
}

/// The same runs in a system without threads, driven by this one.
double driven_by_hand(const flow& work, std::size_t runs) {
  testing::simulation sim;
  double before = 0;
  for (std::size_t i = 0; i < runs + runs / 10; ++i) {
    if (i == runs / 10) before = now_ns();
    const auto started = sim.start(work, state{{"n", 0}});
    sim.run_ready();
    check(started.get());
  }
  return (now_ns() - before) / static_cast<double>(runs) / 1e3;
}

}  // namespace

report short_runs(const measuring& how, std::size_t runs, std::size_t fanout) {
  const flow work = fanout == 0 ? three_nodes() : few_branches(fanout);
  samples ours;
  samples slowest;
  samples cpu;
  samples direct;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const auto found = waited_for(how.threads, work, runs);
    ours.add(found.us_per_run);
    slowest.add(found.p99_us);
    cpu.add(found.cpu_us_per_run);
    direct.add(driven_by_hand(work, runs));
  }
  report found{"short"};
  found.set("fanout", fanout);
  found.set("threads", how.threads);
  found.set("runs", runs);
  found.set("repetitions", how.repetitions);
  found.set("us_per_run", ours);
  found.set("p99_us", slowest);
  found.set("cpu_us_per_run", cpu);
  found.set("direct_us", direct);
  found.set("ratio", ours.median() / direct.median());
  return found;
}

}  // namespace troupe::bench
