#include "durable/durable_cases.hpp"
#include "durable/store_place.hpp"

#include <troupe/store.hpp>
#include <troupe/store/stored_forms.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace troupe::bench {

namespace {

run_record ended_run(std::size_t number) {
  run_record made;
  made.id = "run" + std::to_string(number);
  made.flow = "ended";
  made.status = run_status::finished;
  made.end = "{}";
  made.options = "{}";
  made.input.text = made.params.text = "{}";
  return made;
}

void begin(run_store& store, run_record what, std::size_t bytes) {
  log_entry step;
  step.body.text = std::string(bytes, 'x');
  std::promise<begun_run> made;
  const bool waits = what.id.ends_with("00");
  store.begin(std::move(what), {std::move(step)},
              waits ? std::function<void(begun_run)>{[&made](begun_run how) {
                made.set_value(std::move(how));
              }}
                    : nullptr);
  if (!waits) return;
  const auto how = made.get_future().get();
  if (how.how != begun_run::kind::created) {
    throw std::runtime_error{"a run cannot be made"};
  }
}

/// Commits steps of a run until `ends`, and returns the longest commit, in
/// milliseconds.
double longest_commit_ms(run_store& store, const std::string& run,
                         const std::atomic<bool>& ends) {
  double longest = 0;
  for (std::uint64_t step = 0; !ends.load(); ++step) {
    std::promise<commit_result> made;
    run_commit what;
    what.run = run;
    what.entries.emplace_back();
    what.entries.back().step = step;
    what.entries.back().body.text = "{}";
    what.change.steps_more = 1;
    what.done = [&made](const commit_result& how) { made.set_value(how); };
    const double before = now_ns();
    store.submit(std::move(what));
    if (const auto why = made.get_future().get()) throw error{*why};
    longest = std::max(longest, (now_ns() - before) / 1e6);
  }
  return longest;
}

}  // namespace

report purge(const durable_options& given) {
  const store_place place{given.folder};
  const auto store = sqlite(place.file());
  for (std::size_t i = 0; i < given.runs; ++i) {
    begin(*store, ended_run(i), given.bytes);
  }
  auto other = ended_run(0);
  other.id = "other00";
  other.status = run_status::running;
  begin(*store, std::move(other), given.bytes);
  std::atomic<bool> ends{false};
  auto longest = std::async(std::launch::async, [&store, &ends] {
    return longest_commit_ms(*store, "other00", ends);
  });
  const double before = now_ns();
  const auto purged = store->purge({});
  const double wall_s = (now_ns() - before) / 1e9;
  ends = true;
  report found{"purge"};
  found.set("runs", given.runs);
  found.set("bytes", given.bytes);
  found.set("purged", purged);
  found.set("wall_s", wall_s);
  found.set("held_up_ms_max", longest.get());
  store->close();
  return found;
}

}  // namespace troupe::bench
