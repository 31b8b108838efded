// The part of the durable runs of a system that goes on with stored ones.

#include "core/system_core.hpp"
#include "durable/durable_runs.hpp"
#include "durable/stored_run.hpp"
#include "run/start_run.hpp"

#include <troupe/store/flow_shape.hpp>
#include <troupe/store/migration.hpp>
#include <troupe/store/recovery.hpp>
#include <troupe/store/run_commands.hpp>
#include <troupe/store/stored_forms.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::detail {

namespace {

/// The maximum number of runs whose turn to go on it is at once.
constexpr std::size_t turns_max = 64;

/// The longest turn of one that keeps nothing and waits for nothing: its first
/// step may take hours.
constexpr duration turn_max = std::chrono::seconds{1};
/// The same, of one that may be about to take its process down.
constexpr duration suspect_turn_max = std::chrono::minutes{1};

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
  run->system().on_run_started(*run);
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
    auto journal = std::make_shared<run_journal>(*system.options().store,
                                                 std::move(record));
    journal->on_end([this, &system, id] { on_ended(system, id); });
    if (is_resumed) {
      journal->on_turn_over([this, &system, id] { on_turn_over(system, id); },
                            suspect_ == id ? suspect_turn_max : turn_max);
    }
    run->set_journal(std::move(journal), std::move(point));
    live_.insert_or_assign(id, run);
    if (is_resumed) turns_.insert(id);
    start_run(run, std::move(document));
    system.on_run_ended();
  } catch (...) {
    end_turn(run->id());
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
      refuse_quarantined(record);
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
    system.on_run_started(*run);
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
  run_commit what;
  what.run = record.id;
  what.how = record.how;
  what.change.status = run_status::quarantined;
  what.change.end = end_form{{}, error{errc::quarantined, why}}.to_text();
  commit_and_wait(*system.options().store, std::move(what), store_answer_max);
}

// So many at once: each costs the reading of its state and its sub-flows, and
// one that takes the process down takes few others with it. Those that went
// down with their process more than once go on one after the other, each when
// the turn of the one before is over, and the worst ones last: one of them
// takes no other to quarantine.
void durable_runs::start_waiting(system_core& system) {
  while (turns_.size() < turns_max && !waiting_.empty()) {
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

bool durable_runs::end_turn(std::string_view id) noexcept {
  if (suspect_ == id) suspect_.clear();
  const auto found = turns_.find(id);
  if (found == turns_.end()) return false;
  turns_.erase(found);
  return true;
}

void durable_runs::on_turn_over(system_core& system, const std::string& id) {
  const std::lock_guard lock{mutex_};
  if (end_turn(id) && !is_parked_) start_waiting(system);
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

void durable_runs::on_ended(system_core& system, const std::string& id) {
  const std::lock_guard lock{mutex_};
  // It may be at work again.
  static_cast<void>(find_live(id));
  if (end_turn(id) && !is_parked_) start_waiting(system);
}

}  // namespace troupe::detail
