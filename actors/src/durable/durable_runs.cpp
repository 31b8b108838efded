#include "durable/durable_runs.hpp"

#include "core/system_core.hpp"
#include "durable/stored_run.hpp"
#include "run/start_run.hpp"

#include <troupe/store/stored_forms.hpp>

#include <algorithm>
#include <exception>
#include <future>
#include <utility>

namespace troupe::detail {

namespace {

std::int64_t wall_ms(system_core& system) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system.timers()->wall_now().time_since_epoch())
      .count();
}

/// Ends a run that never had a supervisor.
void end_at_once(run_core& run, outcome how) {
  run.system().on_run_started();
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

[[noreturn]] void refuse_quarantined(const run_record& there) {
  throw error{errc::quarantined,
              "run '" + there.id +
                  "' is in quarantine: it took its process "
                  "down " +
                  std::to_string(there.recoveries_in_vain) +
                  " times without a step in between; resume it by its id"};
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

void durable_runs::learn(const flow& work) {
  flows_.insert_or_assign(work.name(), work);
}

const flow& durable_runs::flow_of(system_core& system,
                                  const run_record& record) {
  for (const auto& each : system.options().flows) {
    if (each.name() == record.flow) return each;
  }
  const auto found = flows_.find(record.flow);
  if (found != flows_.end()) return found->second;
  throw error{errc::bad_flow,
              "run '" + record.id + "' is of the flow '" + record.flow +
                  "', which this process does not have: add it to "
                  "system_options::flows"};
}

// -- starting -----------------------------------------------------------------

std::shared_ptr<run_core> durable_runs::start(system_core& system,
                                              const flow& work, state initial,
                                              run_options options) {
  const bool is_named = !options.id.empty();
  auto id = is_named ? options.id : system.next_run_id();
  if (!options.seed) options.seed = system.next_seed();
  auto record = record_of(work, initial, options, id, wall_ms(system));
  const std::lock_guard lock{mutex_};
  if (is_parked_) throw error{errc::shut_down, "the system ends"};
  learn(work);
  if (is_named) {
    if (auto live = find_live(id)) {
      const auto& there = live->journal()->record();
      if (!is_same_start(there, record)) refuse_other_start(there, record);
      return live;
    }
    if (reader(system).was_purged(id)) {
      throw error{errc::id_taken, "run '" + id +
                                      "' has ended and was purged; take "
                                      "another id"};
    }
    if (const auto there = reader(system).find(id)) {
      if (!is_same_start(*there, record)) refuse_other_start(*there, record);
      if (there->status == run_status::quarantined) refuse_quarantined(*there);
      return take_up(system, *there, work);
    }
  }
  auto run = std::make_shared<run_core>(system, work, std::move(options), id);
  run->set_journal(
      std::make_shared<run_journal>(system.options().store, std::move(record)),
      nullptr);
  live_.insert_or_assign(id, run);
  start_run_deferred(run, std::move(initial));
  return run;
}

// Gives a stored run that is not at work here: at its end, or going on.
std::shared_ptr<run_core> durable_runs::take_up(system_core& system,
                                                run_record record,
                                                const flow& work) {
  auto& from = reader(system);
  auto options = options_of(record, value_from(record.params, parts_of(from)),
                            wall_ms(system));
  auto run =
      std::make_shared<run_core>(system, work, std::move(options), record.id);
  if (is_over(record.status)) {
    end_at_once(*run, stored_outcome(from, record));
    return run;
  }
  auto point = read_resume_point(from, record);
  auto document = point->document;
  live_.insert_or_assign(record.id, run);
  run->set_journal(
      std::make_shared<run_journal>(system.options().store, std::move(record)),
      std::move(point));
  start_run(run, std::move(document));
  return run;
}

// -- going on -----------------------------------------------------------------

std::shared_ptr<run_core> durable_runs::resume(system_core& system,
                                               const std::string& id) {
  const std::lock_guard lock{mutex_};
  if (auto live = find_live(id)) return live;
  auto record = reader(system).find(id);
  if (!record) {
    throw error{errc::missing_key, "there is no run '" + id + "' in " +
                                       system.options().store->name()};
  }
  const auto& work = flow_of(system, *record);
  if (record->status == run_status::finished || !is_over(record->status)) {
    return take_up(system, *std::move(record), work);
  }
  auto& from = reader(system);
  auto point = read_resume_point(from, *record);
  make_fresh(*point);
  auto options = options_of(*record, value_from(record->params, parts_of(from)),
                            wall_ms(system));
  auto run = std::make_shared<run_core>(system, work, std::move(options), id);
  auto document = point->document;
  live_.insert_or_assign(id, run);
  run->set_journal(
      std::make_shared<run_journal>(system.options().store, *std::move(record)),
      std::move(point));
  start_run(run, std::move(document));
  return run;
}

std::vector<resumed_run> durable_runs::resume_all(system_core& system) {
  std::vector<resumed_run> all;
  const std::lock_guard lock{mutex_};
  run_query left;
  left.statuses = {run_status::running, run_status::parked,
                   run_status::quarantined};
  for (;;) {
    auto page = reader(system).list(left);
    for (auto& each : page) {
      left.after = each.id;
      if (find_live(each.id)) continue;
      all.push_back(resume_one(system, std::move(each)));
    }
    if (page.size() < left.limit) break;
  }
  start_waiting(system);
  return all;
}

// One that cannot go on holds up no other.
resumed_run durable_runs::resume_one(system_core& system, run_record record) {
  resumed_run made;
  made.id = record.id;
  made.flow = record.flow;
  using kind = resumed_run::kind;
  try {
    made.how = kind::unknown_flow;
    const auto& work = flow_of(system, record);
    made.how = kind::unreadable;
    if (record.status == run_status::running &&
        record.recoveries_in_vain >= system.options().recoveries_max) {
      quarantine(*system.options().store, record);
      record.status = run_status::quarantined;
    }
    if (record.status == run_status::quarantined) {
      made.how = kind::quarantined;
      refuse_quarantined(record);
    }
    auto params = value_from(record.params, parts_of(reader(system)));
    auto options = options_of(record, std::move(params), wall_ms(system));
    auto run =
        std::make_shared<run_core>(system, work, std::move(options), record.id);
    live_.insert_or_assign(record.id, run);
    system.on_run_started();
    waiting_.push_back({run, std::move(record)});
    made.how = kind::resumed;
    made.handle = troupe::run{std::move(run)};
  } catch (...) {
    made.why = error::from(std::current_exception()).message();
  }
  return made;
}

void durable_runs::quarantine(run_store& store, const run_record& record) {
  std::promise<commit_result> kept;
  run_commit what;
  what.run = record.id;
  what.how = record.how;
  what.change.status = run_status::quarantined;
  what.done = [&kept](const commit_result& how) { kept.set_value(how); };
  store.submit(std::move(what));
  if (const auto why = kept.get_future().get()) throw error{*why};
}

// So many at once: each costs its state and its sub-flows.
void durable_runs::start_waiting(system_core& system) {
  while (resumed_ < resumed_at_once_max && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    try {
      auto point = read_resume_point(reader(system), next.record);
      auto document = point->document;
      auto journal = std::make_shared<run_journal>(system.options().store,
                                                   std::move(next.record));
      journal->on_end([this, &system] { on_resumed_ended(system); });
      next.run->set_journal(std::move(journal), std::move(point));
      start_run(next.run, std::move(document));
      ++resumed_;
      system.on_run_ended();
    } catch (...) {
      outcome never;
      never.failure = error::from(std::current_exception());
      next.run->end(std::move(never));
    }
  }
}

void durable_runs::on_resumed_ended(system_core& system) {
  const std::lock_guard lock{mutex_};
  --resumed_;
  if (!is_parked_) start_waiting(system);
}

// -- the end of the system ----------------------------------------------------

void durable_runs::park() noexcept {
  std::deque<waiting_run> never;
  std::vector<std::shared_ptr<run_core>> open;
  {
    const std::lock_guard lock{mutex_};
    is_parked_ = true;
    never.swap(waiting_);
    for (const auto& [id, each] : live_) {
      if (auto run = each.lock()) open.push_back(std::move(run));
    }
  }
  for (const auto& each : never) {
    outcome how;
    how.failure = parked();
    each.run->end(std::move(how));
  }
  for (const auto& each : open) each->park();
}

}  // namespace troupe::detail
