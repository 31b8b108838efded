#include "durable/durable_cases.hpp"
#include "durable/durable_flows.hpp"
#include "durable/store_place.hpp"

#include <troupe/store.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace troupe::bench {

namespace {

constexpr std::int64_t growth_steps = 1'000;
constexpr std::uint64_t steps_kept = 1'000;

run_options options_of(const durable_options& given, std::int64_t steps) {
  return {.id = "run",
          .durability = given.sync,
          .steps_max = static_cast<std::uint64_t>(steps) + 1};
}

void finish(system& on, const flow& work, state initial, run_options options) {
  const auto result =
      on.start(work, std::move(initial), std::move(options)).get();
  if (!result.ok()) throw *result.failure;
}

system_options with_store(const std::filesystem::path& file,
                          std::optional<std::uint64_t> history_max = {}) {
  system_options options{.threads = 1};
  sqlite_options how;
  how.history_max = history_max;
  options.store = sqlite(file, std::move(how));
  return options;
}

/// The bytes of a store in which a run of `work` was kept.
std::uint64_t bytes_after(const durable_options& given, const flow& work,
                          state initial, std::int64_t steps) {
  const store_place place{given.folder};
  {
    system on{with_store(place.file())};
    finish(on, work, std::move(initial), options_of(given, steps));
  }
  return place.bytes();
}

/// A million bytes in a thousand texts.
state large_state() {
  json texts = json::array();
  for (int i = 0; i < 1'000; ++i) texts.push_back(text_of(1'000, i));
  return state{json{{"n", 0}, {"texts", std::move(texts)}}};
}

void measure_kept(const durable_options& given, report& found) {
  const store_place place{given.folder};
  samples memory;
  {
    system on{with_store(place.file(), steps_kept)};
    const flow work = writing_flow(given.steps, given.bytes);
    finish(on, work, state{{"n", 0}}, options_of(given, given.steps));
    found.set("rss_after", trimmed_rss_bytes());
  }
  const auto info = read_store_info(place.file());
  std::uint64_t kept = info.part_bytes;
  read_store(place.file())
      ->entries("run", 0, ~std::uint64_t{0}, [&kept](const stored_entry& each) {
        kept += each.entry.body.text.size();
        return true;
      });
  const auto least = steps_kept * given.bytes;
  found.set("kept_entries", info.entries);
  found.set("kept_bytes", kept);
  found.set("kept_file_bytes", place.bytes());
  found.set("kept_free_bytes", info.free_bytes);
  found.set("ratio", static_cast<double>(place.bytes()) /
                         static_cast<double>(std::max(least, kept)));
}

}  // namespace

report store_growth(const durable_options& given) {
  report found{"store-growth"};
  found.set("sync", std::string{to_string(given.sync)});
  found.set("steps", given.steps);
  found.set("bytes", given.bytes);
  found.set(
      "appended_file_bytes",
      bytes_after(given, appending_flow(growth_steps, given.bytes),
                  state{{"n", 0}, {"texts", json::array()}}, growth_steps));
  const auto few = bytes_after(given, writing_flow(2, 0), large_state(), 2);
  const auto many = bytes_after(given, writing_flow(growth_steps + 2, 0),
                                large_state(), growth_steps + 2);
  found.set("large_file_bytes", few);
  found.set("large_bytes_per_step", static_cast<double>(many - few) /
                                        static_cast<double>(growth_steps));
  measure_kept(given, found);
  return found;
}

}  // namespace troupe::bench
