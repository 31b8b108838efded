#include "durable/bare_sqlite.hpp"
#include "durable/durable_cases.hpp"
#include "durable/durable_flows.hpp"
#include "durable/langgraph.hpp"
#include "durable/store_place.hpp"

#include <troupe/store.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

/// Steps that were kept.
struct kept_steps {
  double us_per_step = 0;
  double bytes_per_step = 0;
  /// Bytes of the log, without what SQLite adds.
  double body_bytes_per_step = 0;
};

run_options options_of(const durable_options& given, std::size_t number) {
  return {.id = "run" + std::to_string(number),
          .durability = given.sync,
          .steps_max = static_cast<std::uint64_t>(given.steps) + 1};
}

double us_per_step(system& on, const durable_options& given) {
  const flow work = writing_flow(given.steps, given.bytes);
  std::vector<run> started;
  const double before = now_ns();
  for (std::size_t i = 0; i < given.runs; ++i) {
    started.push_back(on.start(work, state{{"n", 0}}, options_of(given, i)));
  }
  for (const auto& each : started) {
    if (const auto result = each.get(); !result.ok()) throw *result.failure;
  }
  const auto steps = static_cast<double>(given.steps);
  return (now_ns() - before) / 1e3 / steps / static_cast<double>(given.runs);
}

double body_bytes_of(const std::filesystem::path& file,
                     const std::string& run) {
  double bytes = 0;
  read_store(file)->entries(run, 0, ~std::uint64_t{0},
                            [&bytes](const stored_entry& each) {
                              const auto& body = each.entry.body;
                              bytes += static_cast<double>(body.text.size());
                              return true;
                            });
  return bytes;
}

kept_steps keep_steps(const measuring& how, const durable_options& given) {
  const store_place place{given.folder};
  kept_steps made;
  {
    system_options options{.threads = how.threads};
    options.store = sqlite(place.file());
    system on{std::move(options)};
    made.us_per_step = us_per_step(on, given);
  }
  const auto steps = static_cast<double>(given.steps);
  made.bytes_per_step = static_cast<double>(place.bytes()) / steps /
                        static_cast<double>(given.runs);
  if (given.sync != durability::off) {
    made.body_bytes_per_step = body_bytes_of(place.file(), "run0") / steps;
  }
  return made;
}

double us_without_store(const measuring& how, const durable_options& given) {
  system on{{.threads = how.threads}};
  return us_per_step(on, given);
}

double bare_us(const durable_options& given, const kept_steps& ours) {
  const store_place place{given.folder};
  const auto runs = static_cast<std::int64_t>(given.runs);
  return bare_us_per_row(
      place.file(),
      {.rows = given.steps * runs,
       .bytes = static_cast<std::size_t>(ours.body_bytes_per_step),
       .rows_at_once = runs,
       .sync = given.sync});
}

void set_langgraph(report& found, const durable_options& given, double our_us,
                   double our_bytes) {
  const store_place place{given.folder};
  const auto theirs = measure_langgraph(given, place.file());
  if (!theirs.missing.empty()) {
    found.set("langgraph_missing", theirs.missing);
    return;
  }
  found.set("langgraph_version", theirs.version);
  found.set("langgraph_us_per_step", theirs.us_per_step);
  found.set("langgraph_bytes_per_step", theirs.bytes_per_step);
  found.set("langgraph_us_ratio", theirs.us_per_step / our_us);
  found.set("langgraph_bytes_ratio", theirs.bytes_per_step / our_bytes);
}

}  // namespace

report durable(const measuring& how, const durable_options& given) {
  samples us;
  samples steps_per_s;
  samples bytes;
  samples bare;
  samples ratio;
  const bool is_off = given.sync == durability::off;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const auto ours = keep_steps(how, given);
    const double other =
        is_off ? us_without_store(how, given) : bare_us(given, ours);
    us.add(ours.us_per_step);
    steps_per_s.add(1e6 / ours.us_per_step);
    bytes.add(ours.bytes_per_step);
    bare.add(other);
    ratio.add(ours.us_per_step / other);
  }
  report found{"durable"};
  found.set("sync", std::string{to_string(given.sync)});
  found.set("threads", how.threads);
  found.set("runs", given.runs);
  found.set("steps", given.steps);
  found.set("bytes", given.bytes);
  found.set("repetitions", how.repetitions);
  found.set("steps_per_s", steps_per_s);
  found.set("us_per_step", us);
  found.set("bytes_per_step", bytes);
  found.set(is_off ? "without_store_us_per_step" : "bare_us_per_step", bare);
  found.set("ratio", ratio);
  if (given.side_by_side) {
    set_langgraph(found, given, us.median(), bytes.median());
  }
  return found;
}

}  // namespace troupe::bench
