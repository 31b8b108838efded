#include "durable/durable_runs.hpp"

#include "core/current_step.hpp"
#include "core/system_core.hpp"
#include "durable/stored_run.hpp"
#include "run/start_run.hpp"

#include <troupe/store/flow_shape.hpp>
#include <troupe/store/migration.hpp>
#include <troupe/store/recovery.hpp>
#include <troupe/store/run_commands.hpp>
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

// The names of the nodes that lead to where a run stands.
std::string path_of(const resume_point& point) {
  std::string path;
  if (!point.at) return path;
  for (const auto& each : point.at->path) {
    if (!path.empty()) path += '/';
    path += each;
  }
  return path;
}

std::uint32_t recoveries_max(system_core& system, const flow& work) {
  return work.model().recoveries_max.value_or(system.options().recoveries_max);
}

/// Of a run that may have taken its process down, and others with it.
constexpr std::uint32_t suspect_from = 2;

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
                  "system_options::flows"};
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
  started_run names;
  auto* const step = current_step::get();
  if (step != nullptr && options.id.empty())
    names = step->next_run(work.name());
  auto id = options.id.empty() ? std::move(names.id) : options.id;
  const bool is_named = !id.empty();
  if (!is_named) id = system.next_run_id();
  if (!options.seed) options.seed = system.next_seed();
  auto record = record_of(work, initial, options, id, wall_ms(system));
  const std::lock_guard lock{mutex_};
  if (is_parked_) throw error{errc::shut_down, "the system ends"};
  const auto& known = learn(work);
  record.version = work.model().version;
  record.shape = known.shape;
  record.parent = std::move(names.parent);
  record.parent_key = std::move(names.parent_key);
  if (is_named) {
    if (auto live = find_live(id)) {
      start_if_waiting(system, *live, step != nullptr);
      // It cannot go on, or waits for its turn.
      if (live->journal() == nullptr) return live;
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
      if (is_over(there->status)) return ended_run(system, work, *there);
      auto run = make_run(system, work, *there);
      run->system().on_run_started();
      go_on(system, {run, *there}, false);
      return run;
    }
  }
  auto run = std::make_shared<run_core>(system, work, std::move(options), id);
  auto journal =
      std::make_shared<run_journal>(system.options().store, std::move(record));
  journal->on_end([this, &system, id] { on_ended(system, id, false); });
  run->set_journal(std::move(journal), nullptr);
  live_.insert_or_assign(id, run);
  start_run_deferred(run, std::move(initial));
  return run;
}

// -- going on -----------------------------------------------------------------

std::shared_ptr<run_core> durable_runs::resume(system_core& system,
                                               const std::string& id) {
  const std::lock_guard lock{mutex_};
  if (is_parked_) throw error{errc::shut_down, "the system ends"};
  if (auto live = find_live(id)) {
    start_if_waiting(system, *live, true);
    return live;
  }
  auto record = reader(system).find(id);
  if (!record) {
    throw error{errc::missing_key, "there is no run '" + id + "' in " +
                                       system.options().store->name()};
  }
  const auto& work = flow_of(system, *record).work;
  if (record->status == run_status::finished) {
    return ended_run(system, work, *record);
  }
  // Whoever asks for this one knows of it.
  if (record->status == run_status::quarantined) {
    record->status = run_status::parked;
  }
  auto run = make_run(system, work, *record);
  run->system().on_run_started();
  go_on(system, {run, *std::move(record)}, false);
  return run;
}

// Starts the supervisor of a run from where the store has it. The run counts as
// started already; if it cannot go on, it ends with the reason.
void durable_runs::go_on(system_core& system, waiting_run what,
                         bool is_resumed) {
  auto& [run, record] = what;
  try {
    const auto id = record.id;
    auto point = read_resume_point(reader(system), record);
    if (is_over(record.status) || was_released(record)) make_fresh(*point);
    const auto decided = decide_recovery(
        record, recoveries_max(system, run->work()), path_of(*point));
    if (decided.how == recovery::kind::quarantined) {
      quarantine(system, record, decided.why);
      throw error{errc::quarantined, decided.why};
    }
    adapt(system, record, *point, run->work());
    auto document = point->document;
    auto journal = std::make_shared<run_journal>(system.options().store,
                                                 std::move(record));
    journal->on_end(
        [this, &system, id, is_resumed] { on_ended(system, id, is_resumed); });
    if (suspect_ == id) {
      journal->on_progress([this, &system, id] { on_progress(system, id); });
    }
    run->set_journal(std::move(journal), std::move(point));
    live_.insert_or_assign(id, run);
    start_run(run, std::move(document));
    if (is_resumed) ++resumed_;
    system.on_run_ended();
  } catch (...) {
    if (suspect_ == run->id()) suspect_.clear();
    outcome never;
    never.failure = error::from(std::current_exception());
    run->set_journal(nullptr, nullptr);
    run->end(std::move(never));
  }
}

// The flow may be another one than that with which the run began.
void durable_runs::adapt(system_core& system, run_record& record,
                         resume_point& point, const flow& work) {
  const auto& shape = flow_of(system, record).shape;
  const auto& version = work.model().version;
  if (shape == record.shape && version == record.version) return;
  const auto now = flow_shape::from(shape);
  auto before = flow_shape::from(record.shape);
  const auto& all = system.options().migrations;
  if (const auto known = all.find(record.flow); known != all.end()) {
    point = migrate(record.id, record.version, std::move(point), known->second,
                    now, version);
    const bool has_moved =
        std::any_of(known->second.begin(), known->second.end(),
                    [&](const migration& each) { return each.to == version; });
    // A migration has put it where the flow as it is now has a place.
    if (has_moved) before = now;
  }
  const auto effect = effect_of_change(before, now, point);
  if (effect.how != change_effect::kind::goes_on) {
    throw error{errc::bad_flow, "run '" + record.id +
                                    "' cannot go on: " + effect.why +
                                    (effect.how == change_effect::kind::refused
                                         ? ""
                                         : "; write a migration for it")};
  }
  record.shape = shape;
  record.version = version;
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
  std::stable_sort(
      waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
        return a.record.recoveries_in_vain < b.record.recoveries_in_vain;
      });
  start_waiting(system);
  return all;
}

// One that cannot go on holds up no other.
resumed_run durable_runs::resume_one(system_core& system, run_record record) {
  using kind = resumed_run::kind;
  resumed_run made;
  made.id = record.id;
  made.flow = record.flow;
  made.how = kind::unknown_flow;
  try {
    const auto work = flow_of(system, record).work;
    made.how = kind::unreadable;
    auto point = read_resume_point(reader(system), record);
    if (record.status == run_status::quarantined &&
        !is_released_by(record, work.model().version)) {
      made.how = kind::quarantined;
      throw error{errc::quarantined,
                  end_form::from(record.end).failure.value().message()};
    }
    const auto decided =
        decide_recovery(record, recoveries_max(system, work), path_of(*point));
    if (decided.how == recovery::kind::quarantined) {
      quarantine(system, record, decided.why);
      made.how = kind::quarantined;
      throw error{errc::quarantined, decided.why};
    }
    made.how = kind::changed_flow;
    auto as_now = record;
    adapt(system, as_now, *point, work);
    made.how = kind::unreadable;
    auto run = make_run(system, work, record);
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

void durable_runs::quarantine(system_core& system, const run_record& record,
                              const std::string& why) {
  std::promise<commit_result> kept;
  run_commit what;
  what.run = record.id;
  what.how = record.how;
  what.change.status = run_status::quarantined;
  what.change.end = end_form{{}, error{errc::quarantined, why}}.to_text();
  what.done = [&kept](const commit_result& how) { kept.set_value(how); };
  system.options().store->submit(std::move(what));
  if (const auto failed = kept.get_future().get()) throw error{*failed};
}

// So many at once: each costs its state and its sub-flows. Those that went down
// with their process more than once go on one after the other, each when the
// one before has kept something, and the worst ones last: one of them takes no
// other to quarantine.
void durable_runs::start_waiting(system_core& system) {
  while (resumed_ < resumed_at_once_max && !waiting_.empty()) {
    if (is_suspect(waiting_.front())) {
      if (!suspect_.empty()) return;
      suspect_ = waiting_.front().record.id;
    }
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    go_on(system, std::move(next), true);
  }
}

bool durable_runs::is_suspect(const waiting_run& what) noexcept {
  return what.record.recoveries_in_vain >= suspect_from;
}

void durable_runs::on_progress(system_core& system, const std::string& id) {
  const std::lock_guard lock{mutex_};
  if (suspect_ != id) return;
  suspect_.clear();
  if (!is_parked_) start_waiting(system);
}

// Somebody asks for it, maybe one of those for whose end it would have to wait.
// Only such a one lets it pass others if it may take the process down.
void durable_runs::start_if_waiting(system_core& system, const run_core& run,
                                    bool suspects_too) {
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [&run](const auto& each) { return each.run.get() == &run; });
  if (found == waiting_.end()) return;
  if (is_suspect(*found) && !suspects_too) return;
  auto next = std::move(*found);
  waiting_.erase(found);
  go_on(system, std::move(next), true);
}

void durable_runs::on_ended(system_core& system, const std::string& id,
                            bool was_resumed) {
  const std::lock_guard lock{mutex_};
  // It may be at work again.
  static_cast<void>(find_live(id));
  if (!was_resumed) return;
  --resumed_;
  if (suspect_ == id) suspect_.clear();
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
  // All of them first: one that another one awaits is cancelled with that.
  for (const auto& each : open) {
    if (auto* journal = each->journal()) journal->park();
  }
  for (const auto& each : open) each->park();
  std::unique_lock lock{mutex_};
  request_ended_.wait(lock, [&] { return requests_ == 0; });
}

}  // namespace troupe::detail
