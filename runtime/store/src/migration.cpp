#include "troupe/store/migration.hpp"

#include "troupe/printable.hpp"
#include "troupe/store/flow_shape.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace troupe::detail {

namespace {

/// The shortest way from one version to another; empty if there is none.
std::vector<const migration*> way_between(const std::vector<migration>& known,
                                          const std::string& from,
                                          const std::string& to) {
  std::map<std::string, const migration*> reached_by{{from, nullptr}};
  std::vector<std::string> next{from};
  for (std::size_t i = 0; i < next.size() && !reached_by.contains(to); ++i) {
    for (const auto& each : known) {
      if (each.from == next[i] && reached_by.emplace(each.to, &each).second) {
        next.push_back(each.to);
      }
    }
  }
  std::vector<const migration*> way;
  const auto end = reached_by.find(to);
  if (end == reached_by.end()) return way;
  for (const auto* last = end->second; last != nullptr;
       last = reached_by.at(last->from)) {
    way.push_back(last);
  }
  std::reverse(way.begin(), way.end());
  return way;
}

/// Carries out one migration for one run.
class mover {
 public:
  mover(const std::string& run, const migration& what)
      : run_(run), what_(what) {}

  void move(resume_point& at) const {
    const bool has_items = !at.results.empty() || !at.taken.empty() ||
                           !at.ended.empty() || !at.branches.empty();
    if (has_items && what_.at_work == migration::items::refused) {
      refuse(
          "its step has items with outcomes, or at work; let them end with "
          "the version before, or let the step begin anew");
    }
    const position before = at.at.value_or(position{});
    migrated made;
    try {
      made = what_.move(before, at.document);
    } catch (...) {
      refuse(error::from(std::current_exception()).message());
    }
    take(at, before, std::move(made));
    if (has_items) forget_items(at);
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw error{errc::bad_flow, "the migration from version '" +
                                    printable(what_.from) + "' to '" +
                                    printable(what_.to) + "' of the run '" +
                                    printable(run_) + "' failed: " + why}
        .permanent();
  }

 private:
  void take(resume_point& at, const position& before, migrated made) const {
    const bool stays = made.at.path == before.path && made.at.at == before.at;
    made.at.steps = before.steps;
    at.document = std::move(made.document);
    if (stays) {
      if (at.at) at.at = std::move(made.at);
      return;
    }
    const auto stage = made.at.at;
    if (stage != position::stage::begin && stage != position::stage::fan_out &&
        stage != position::stage::over) {
      refuse(
          "it moves the run into the middle of a step; give the stage "
          "begin, fan_out or over");
    }
    if (!at.at) refuse("it moves a run that has not begun");
    made.at.attempt = 0;
    made.at.deaths = 0;
    made.at.wait = {};
    at.at = std::move(made.at);
    at.prepared.reset();
    at.due_ms = 0;
  }

  static void forget_items(resume_point& at) {
    at.results.clear();
    at.taken.clear();
    at.ended.clear();
    at.branches.clear();
    at.prepared.reset();
    at.due_ms = 0;
    // A step that is no fan-out asks prep for the items again.
    if (at.at && at.at->at != position::stage::fan_out &&
        at.at->at != position::stage::over) {
      at.at->at = position::stage::begin;
      at.at->wait = {};
    }
  }

  const std::string& run_;
  const migration& what_;
};

}  // namespace

resume_point migrate(const std::string& run, const std::string& version,
                     resume_point at, const std::vector<migration>& known,
                     const flow_shape& now, const std::string& to) {
  const auto way = way_between(known, version, to);
  if (way.empty()) return at;
  for (const auto* each : way) mover{run, *each}.move(at);
  const auto effect = effect_of_change(now, now, at);
  if (effect.how != change_effect::kind::goes_on) {
    mover{run, *way.back()}.refuse("it gives a place that is not there: " +
                                   effect.why);
  }
  return at;
}

}  // namespace troupe::detail
