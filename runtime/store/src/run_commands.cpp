#include "troupe/store/run_commands.hpp"

#include "stored_runs.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"
#include "troupe/store/address.hpp"
#include "troupe/store/resume_point.hpp"

#include <algorithm>
#include <chrono>
#include <future>  // tidy: allow include, a store answers on its thread
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace troupe {

using detail::find_stored;
using detail::parts_of_store;
using detail::shown_id;

namespace {

constexpr std::size_t id_max = 200;
/// Runs that its nodes started, theirs included.
constexpr std::size_t descendants_max = 100'000;

/// The answer of a store whose disk may hang: it may come after nobody waits
/// any more.
template <class Answer>
using awaited = std::shared_ptr<std::promise<Answer>>;

template <class Answer>
Answer answer_of(const awaited<Answer>& to, const run_store& store,
                 const std::string& run, duration limit) {
  auto coming = to->get_future();
  // No span of a day or more: the waits of some libraries overflow.
  const auto span = std::min<duration>(limit, std::chrono::hours{24});
  if (coming.wait_for(span) != std::future_status::ready) {
    throw error{
        errc::timed_out,
        store.name() + " has not answered in time to a change of the run " +
            shown_id(run) +
            "; it may still be made: see to the disk, look at the run, and "
            "ask again if need be"};
  }
  return coming.get();
}

/// Waits until the change is on the disk.
void commit_change(run_store& store, const run_record& which, run_change change,
                   std::vector<log_entry> entries) {
  run_commit what;
  what.run = which.id;
  what.how = durability::full;
  what.entries = std::move(entries);
  what.change = std::move(change);
  detail::commit_and_wait(store, std::move(what), detail::store_answer_max);
}

begun_run begin_run(run_store& store, run_record what,
                    std::vector<log_entry> first) {
  const auto run = what.id;
  const auto begun = std::make_shared<std::promise<begun_run>>();
  store.begin(std::move(what), std::move(first),
              [begun](begun_run how) { begun->set_value(std::move(how)); });
  return answer_of(begun, store, run, detail::store_answer_max);
}

/// The runs that have not ended, by the run that started them.
std::multimap<std::string, run_record> open_children(store_reader& reader) {
  std::multimap<std::string, run_record> found;
  run_query open;
  open.statuses = {run_status::running, run_status::parked,
                   run_status::quarantined};
  for (;;) {
    auto page = reader.list(open);
    const bool is_last = page.size() < open.limit;
    if (!page.empty()) open.after = page.back().id;
    for (auto& each : page) {
      if (each.parent.empty()) continue;
      auto parent = each.parent;
      found.emplace(std::move(parent), std::move(each));
    }
    if (is_last || found.size() > descendants_max) return found;
  }
}

void cancel_one(run_store& store, const run_record& which,
                std::string_view reason) {
  detail::end_form end;
  end.failure = error{errc::cancelled, printable(reason)};
  run_change change;
  change.status = run_status::cancelled;
  change.end = end.to_text();
  commit_change(store, which, std::move(change), {});
}

}  // namespace

void detail::commit_and_wait(run_store& store, run_commit what,
                             duration limit) {
  const auto run = what.run;
  const auto kept = std::make_shared<std::promise<commit_result>>();
  what.done = [kept](const commit_result& how) { kept->set_value(how); };
  store.submit(std::move(what));
  if (const auto why = answer_of(kept, store, run, limit)) throw error{*why};
}

// -- cancelling and releasing -------------------------------------------------

std::vector<std::string> cancel_run(run_store& store, store_reader& reader,
                                    const std::string& id,
                                    std::string_view reason) {
  const auto first = find_stored(reader, id);
  if (first.status == run_status::finished ||
      first.status == run_status::failed) {
    throw error{errc::bad_value, "the run " + shown_id(id) + " has " +
                                     std::string{to_string(first.status)} +
                                     " before; there is nothing to cancel"};
  }
  // Also of one that was cancelled before: its process may have died between
  // its end and those of the others.
  const auto children = open_children(reader);
  std::vector<std::string> cancelled;
  std::set<std::string> seen{id};
  std::vector<run_record> open{first};
  while (!open.empty()) {
    const auto next = std::move(open.back());
    open.pop_back();
    if (!is_over(next.status)) {
      cancel_one(store, next, reason);
      cancelled.push_back(next.id);
    }
    const auto [begin, end] = children.equal_range(next.id);
    for (auto each = begin; each != end; ++each) {
      if (seen.insert(each->second.id).second) open.push_back(each->second);
    }
  }
  return cancelled;
}

bool release_run(run_store& store, store_reader& reader,
                 const std::string& id) {
  const auto which = find_stored(reader, id);
  if (which.status == run_status::finished) {
    throw error{errc::bad_value,
                "the run " + shown_id(id) +
                    " has finished; fork it to do a part of it again"};
  }
  const bool waits =
      which.status == run_status::parked ||
      (which.status == run_status::running && which.recoveries_in_vain == 0);
  if (waits) return false;
  run_change change;
  change.status = run_status::parked;
  change.clears_recoveries = true;
  if (is_over(which.status)) {
    const auto before = try_read_json(which.end);
    change.end = write_json({{"released", to_string(which.status)},
                             {"end", before ? *before : json{}}},
                            bad_text::replaced);
  }
  commit_change(store, which, std::move(change), {});
  return true;
}

bool was_released(const run_record& which) {
  if (which.status != run_status::parked) return false;
  const auto end = try_read_json(which.end);
  return end && end->is_object() && end->contains("released");
}

// -- forks --------------------------------------------------------------------

namespace {

void check_fork(const fork_order& what) {
  if (!what.edits.is_object()) {
    throw error{errc::bad_value, "the edits of a fork are " +
                                     std::string{what.edits.type_name()} +
                                     "; give a JSON merge patch, an object"};
  }
  const bool is_valid = what.id.size() <= id_max && is_utf8(what.id) &&
                        what.id.find_first_of("/#") == std::string::npos;
  if (!is_valid) {
    throw error{errc::bad_value,
                "invalid id " + shown_id(what.id) +
                    ": it must have at most 200 bytes and no '/' or '#'"};
  }
}

/// The deadline of a fork that begins at `now`.
std::int64_t moved_deadline(const run_record& from, std::int64_t now) {
  if (from.deadline_ms == 0) return 0;
  const auto length = std::max<std::int64_t>(
      1, from.deadline_ms - std::min(from.created_ms, from.deadline_ms));
  const auto most = std::numeric_limits<std::int64_t>::max();
  return length > most - now ? most : length + now;
}

/// The record of a fork, without its id and its input.
run_record fork_record(const run_record& from, const fork_order& what,
                       store_reader& reader) {
  run_record made;
  made.flow = from.flow;
  made.version = from.version;
  made.shape = from.shape;
  made.status = run_status::parked;
  made.how = from.how;
  // With its parts: they must stay as long as the fork.
  made.params = detail::stored_form(
      detail::value_from(from.params, parts_of_store(reader)));
  made.options = from.options;
  made.forked_from = from.id;
  made.forked_at = what.after_step ? *what.after_step + 1 : 0;
  made.deadline_ms = moved_deadline(from, what.now_ms);
  return made;
}

/// Begins it under the id that was asked for, or the first one that is free.
std::string begin_fork(run_store& store, run_record record,
                       const std::vector<log_entry>& first,
                       const fork_order& what) {
  constexpr int tries_max = 10'000;
  const auto stem = cut(what.run, id_max - 20) + "-fork-";
  for (int i = 1; i <= tries_max; ++i) {
    record.id = what.id.empty() ? stem + std::to_string(i) : what.id;
    const auto begun = begin_run(store, record, first);
    if (begun.how == begun_run::kind::created) return record.id;
    if (begun.failure) throw error{*begun.failure};
    if (!what.id.empty()) break;
  }
  throw error{errc::id_taken, "the id " + shown_id(record.id) +
                                  " is or was that of another run; give the "
                                  "fork another one"};
}

}  // namespace

forked_run fork_run(run_store& store, store_reader& reader,
                    const fork_order& what) {
  check_fork(what);
  const auto from = find_stored(reader, what.run);
  auto record = fork_record(from, what, reader);
  detail::snapshot_form at;
  if (what.after_step) {
    at = detail::read_at(reader, from, {}, *what.after_step);
  } else {
    at.document = state{detail::value_from(from.input, parts_of_store(reader))};
  }
  at.document.merge("", what.edits);
  record.input = detail::stored_form(at.document.root());
  forked_run made;
  made.after_step = what.after_step;
  std::vector<log_entry> first;
  if (what.after_step) {
    log_entry whole;
    whole.what = log_entry::kind::snapshot;
    whole.step = *what.after_step;
    whole.body = at.to_text();
    first.push_back(std::move(whole));
    made.next = detail::joined_path(at.then.path);
    made.is_over = at.then.at == position::stage::over;
  }
  made.id = begin_fork(store, std::move(record), first, what);
  return made;
}

std::uint64_t purge_runs(run_store& store, const run_query& which) {
  return store.purge(which);
}

// -- effects ------------------------------------------------------------------

namespace {

constexpr std::size_t open_effects_max = 10'000;

void find_open_effects(const detail::resume_point& at,
                       const std::string& address,
                       std::vector<open_effect>& into) {
  for (const auto& [id, end] : at.effects) {
    if (end || into.size() >= open_effects_max) continue;
    into.push_back({address, at.steps, id.first, id.second});
  }
  for (const auto& [item, branch] : at.branches) {
    find_open_effects(*branch,
                      detail::address_within(address, {at.steps, item}), into);
  }
}

std::string shown_effects(const std::vector<open_effect>& all) {
  constexpr std::size_t shown_max = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), shown_max); ++i) {
    text += (text.empty() ? "'" : ", '") +
            printable(all[i].name, line_breaks::joined, id_max) + "'";
    if (!all[i].address.empty()) text += " at address " + all[i].address;
    if (all[i].index != log_entry::no_index) {
      text += " of item " + std::to_string(all[i].index);
    }
  }
  if (all.size() > shown_max) text += ", ...";
  return text;
}

}  // namespace

std::vector<open_effect> open_effects(store_reader& reader,
                                      const std::string& id) {
  const auto which = find_stored(reader, id);
  std::vector<open_effect> found;
  find_open_effects(*detail::read_resume_point(reader, which), {}, found);
  return found;
}

open_effect settle_effect(run_store& store, store_reader& reader,
                          const effect_choice& which,
                          const detail::effect_form& end) {
  const auto& id = which.run;
  const auto record = find_stored(reader, id);
  if (record.status == run_status::finished) {
    throw error{errc::bad_value, "the run " + shown_id(id) +
                                     " has finished; none of its effects can "
                                     "be settled"};
  }
  const auto all = open_effects(reader, id);
  std::vector<open_effect> fitting;
  for (const auto& each : all) {
    if (each.name == which.name &&
        (!which.address || *which.address == each.address) &&
        (!which.index || *which.index == each.index)) {
      fitting.push_back(each);
    }
  }
  if (fitting.empty()) {
    throw error{errc::missing_key,
                "the run " + shown_id(id) + " has no effect " +
                    shown_id(which.name) + " whose end is not known" +
                    (all.empty() ? "" : "; there are " + shown_effects(all))};
  }
  if (fitting.size() > 1) {
    throw error{errc::bad_value,
                "several effects fit: " + shown_effects(fitting) +
                    "; name the address and the item of one"};
  }
  const auto& chosen = fitting.front();
  log_entry entry;
  entry.what = log_entry::kind::effect_ended;
  entry.address = chosen.address;
  entry.step = chosen.step;
  entry.index = chosen.index;
  entry.name = chosen.name;
  entry.body = end.to_text();
  commit_change(store, record, {}, {std::move(entry)});
  return chosen;
}

}  // namespace troupe
