#include "cases.hpp"
#include "raw/raw_waiting.hpp"
#include "waiting_flow.hpp"

#include <algorithm>
#include <chrono>

namespace troupe::bench {

namespace {

using std::chrono::milliseconds;

double growth(std::size_t before, std::size_t n) {
  return (static_cast<double>(peak_rss_bytes()) - static_cast<double>(before)) /
         static_cast<double>(n);
}

}  // namespace

report waiting(const measuring& how, std::size_t n, std::int64_t wait_ms) {
  const milliseconds wait{wait_ms};
  const std::size_t caf_n = std::min(n, how.caf_max);
  samples walls;
  samples cpus;
  samples bytes;
  samples rss_before;
  samples rss_after;
  samples most;
  samples caf_cpus;
  samples caf_bytes;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    {
      auto tally = std::make_shared<waiting_tally>();
      system on{{.threads = how.threads}};
      forget_peak();
      const std::size_t rss = rss_bytes();
      const double cpu = cpu_s();
      const double before = now_ns();
      const outcome result = on.start(waiting_flow(n, wait, tally)).get();
      walls.add((now_ns() - before) * 1e-9);
      cpus.add(cpu_s() - cpu);
      if (!result.ok()) throw *result.failure;
      bytes.add(growth(rss, n));
      most.add(static_cast<double>(tally->most.load()));
      rss_before.add(static_cast<double>(rss));
      rss_after.add(static_cast<double>(trimmed_rss_bytes()));
    }
    forget_peak();
    const std::size_t rss = rss_bytes();
    const double cpu = cpu_s();
    raw_waiting caf{how.threads, caf_n, wait};
    caf.until_all_ended();
    caf_cpus.add((cpu_s() - cpu) / static_cast<double>(caf_n));
    caf_bytes.add(growth(rss, caf_n));
  }
  const double cpu_each = cpus.median() / static_cast<double>(n);
  report found{"waiting"};
  found.set("n", n);
  found.set("wait_ms", wait_ms);
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  found.set("wall_s", walls);
  found.set("cpu_s", cpus);
  found.set("bytes_per_subflow", bytes);
  found.set("most_at_once", most);
  found.set("rss_before", rss_before);
  found.set("rss_after", rss_after);
  found.set("cpu_us_per_subflow", cpu_each * 1e6);
  found.set("caf_n", caf_n);
  found.set("caf_cpu_us_per_actor", caf_cpus.median() * 1e6);
  found.set("caf_bytes_per_actor", caf_bytes);
  found.set("ratio", cpu_each / caf_cpus.median());
  return found;
}

}  // namespace troupe::bench
