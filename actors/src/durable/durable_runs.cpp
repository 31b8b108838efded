#include "durable/durable_runs.hpp"

#include "core/current_step.hpp"
#include "core/system_core.hpp"
#include "durable/stored_run.hpp"
#include "run/start_run.hpp"

#include <troupe/store/flow_shape.hpp>
#include <troupe/store/stored_forms.hpp>

#include <deque>
#include <utility>

namespace troupe::detail {

namespace {

std::int64_t wall_ms(system_core& system) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system.timers()->wall_now().time_since_epoch())
      .count();
}

std::string id_of(const started_run& names) {
  return names.stem + std::to_string(names.number);
}

/// Ends a run that never had a supervisor.
void end_at_once(run_core& run, outcome how) {
  run.system().on_run_started(run);
  run.end(std::move(how));
}

part_source parts_of(store_reader& from) {
  return [&from](std::string_view hash) { return from.part(hash); };
}

outcome stored_outcome(store_reader& from, const run_record& there) {
  outcome made;
  made.state = read_resume_point(from, there)->document;
  auto end = end_form::from(there.end);
  made.action = std::move(end.action);
  if (end.failure) made.failure = *std::move(end.failure);
  return made;
}

}  // namespace

// -- what is at work ----------------------------------------------------------

store_reader& durable_runs::reader(system_core& system) {
  if (!reader_) reader_ = system.options().store->reader();
  return *reader_;
}

std::shared_ptr<run_core> durable_runs::find_live(std::string_view id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return nullptr;
  auto run = found->second.lock();
  if (run && !run->done()) return run;
  live_.erase(found);
  return nullptr;
}

// The shape is written with each run, and made once.
const durable_runs::known_flow& durable_runs::learn(const flow& work) {
  const auto found = flows_.find(work.name());
  if (found != flows_.end() && found->second.work.share() == work.share()) {
    return found->second;
  }
  known_flow made{work, flow_shape::of(work.model()).text()};
  return flows_.insert_or_assign(work.name(), std::move(made)).first->second;
}

void durable_runs::add_flow(system_core& system, const flow& work) {
  for (const auto& each : system.options().flows) {
    if (each.name() != work.name() || each.share() == work.share()) continue;
    throw error{errc::bad_flow, "a flow '" + work.name() +
                                    "' is among system_options::flows already; "
                                    "give this one another name"};
  }
  const std::lock_guard lock{mutex_};
  static_cast<void>(learn(work));
}

const durable_runs::known_flow& durable_runs::flow_of(
    system_core& system, const run_record& record) {
  for (const auto& each : system.options().flows) {
    if (each.name() == record.flow) return learn(each);
  }
  const auto found = flows_.find(record.flow);
  if (found != flows_.end()) return found->second;
  throw error{errc::bad_flow,
              "run '" + record.id + "' is of the flow '" + record.flow +
                  "', which this process does not have: add it to "
                  "system_options::flows, or by system::add_flow"};
}

std::shared_ptr<run_core> durable_runs::make_run(system_core& system,
                                                 const flow& work,
                                                 const run_record& record) {
  auto& from = reader(system);
  auto options = options_of(record, value_from(record.params, parts_of(from)),
                            wall_ms(system));
  return std::make_shared<run_core>(system, work, std::move(options),
                                    record.id);
}

std::shared_ptr<run_core> durable_runs::ended_run(system_core& system,
                                                  const flow& work,
                                                  const run_record& record) {
  auto run = make_run(system, work, record);
  end_at_once(*run, stored_outcome(reader(system), record));
  return run;
}

// -- starting -----------------------------------------------------------------

std::shared_ptr<run_core> durable_runs::start(system_core& system,
                                              const flow& work, state initial,
                                              run_options options) {
  std::optional<started_run> names;
  if (options.id.empty()) names = current_step::next_run(work.name());
  auto id = names ? id_of(*names) : options.id;
  const bool is_named = !id.empty();
  if (!is_named) id = system.next_run_id();
  if (!options.seed) options.seed = system.next_seed();
  auto record = record_of(work, initial, options, id, wall_ms(system));
  if (names) {
    record.parent = names->parent;
    record.parent_key = names->parent_key;
  }
  const std::lock_guard lock{mutex_};
  if (is_parked_) throw error{errc::shut_down, "the system ends"};
  const auto& known = learn(work);
  record.version = work.model().version;
  record.shape = known.shape;
  if (is_named) {
    if (auto there = find_started(system, work, record, names)) return there;
  }
  auto run = std::make_shared<run_core>(system, work, std::move(options), id);
  auto journal =
      std::make_shared<run_journal>(*system.options().store, std::move(record));
  journal->on_end([this, &system, id] { on_ended(system, id); });
  run->set_journal(std::move(journal), nullptr);
  live_.insert_or_assign(id, run);
  start_run_deferred(run, std::move(initial));
  return run;
}

// The run that is there already, or null.
std::shared_ptr<run_core> durable_runs::find_started(
    system_core& system, const flow& work, const run_record& asked,
    const std::optional<started_run>& names) {
  const auto id = names ? id_in_earlier_life(system, asked, *names) : asked.id;
  const auto check = [&](const run_record& there) {
    if (!names && !is_same_start(there, asked))
      refuse_other_start(there, asked);
  };
  if (auto live = find_live(id)) {
    start_if_waiting(system, *live, current_step::is_any());
    // Without one it cannot go on, or waits for its turn.
    if (auto* journal = live->journal()) check(journal->record());
    return live;
  }
  if (reader(system).was_purged(id)) {
    throw error{errc::id_taken,
                "run '" + id + "' has ended and was purged; take another id"};
  }
  const auto there = reader(system).find(id);
  if (!there) return nullptr;
  check(*there);
  if (is_over(there->status)) return ended_run(system, work, *there);
  if (there->status == run_status::quarantined) refuse_quarantined(*there);
  auto run = make_run(system, work, *there);
  run->system().on_run_started(*run);
  go_on(system, {run, *there}, false);
  return run;
}

// The input that a step gives to a run may depend on the clock, or on
// random numbers: it gets the one that its earlier life started, whatever the
// input of that. Of several, whose order may be another one now, it gets the
// one with the same input, if there is one.
std::string durable_runs::id_in_earlier_life(system_core& system,
                                             const run_record& asked,
                                             started_run names) {
  constexpr std::uint64_t looked_at_max = 100;
  const auto own = reader(system).find(asked.id);
  if (!own || is_same_start(*own, asked)) return asked.id;
  for (names.number = 0; names.number < looked_at_max; ++names.number) {
    const auto other = reader(system).find(id_of(names));
    if (!other) break;
    if (is_same_start(*other, asked)) return other->id;
  }
  return asked.id;
}

// -- the end of the system ----------------------------------------------------

void durable_runs::park() noexcept {
  std::deque<waiting_run> never;
  std::vector<std::shared_ptr<run_core>> open;
  {
    const std::lock_guard lock{mutex_};
    never.swap(waiting_);
    // All of them first: one that another one awaits is cancelled with that,
    // and a step that starts a run is refused from here on.
    for (const auto& [id, each] : live_) {
      auto run = each.lock();
      if (!run) continue;
      if (auto* journal = run->journal()) journal->park();
      open.push_back(std::move(run));
    }
    is_parked_ = true;
  }
  for (const auto& each : never) {
    outcome how;
    how.failure = parked();
    each.run->end(std::move(how));
  }
  for (const auto& each : open) each->park();
  std::unique_lock lock{mutex_};
  request_ended_.wait(lock, [&] { return requests_ == 0; });
}

}  // namespace troupe::detail
