// The reason why a run has ended, or stands where it stands.

#include "stored_runs.hpp"
#include "troupe/store/address.hpp"
#include "troupe/store/resume_point.hpp"
#include "troupe/store/run_history.hpp"

#include <set>
#include <utility>

namespace troupe {

namespace {

constexpr std::size_t chain_max = 1'000;
constexpr std::size_t changes_max = 100;

/// Follows failures inwards.
class failure_finder {
 public:
  failure_finder(store_reader& reader, run_explanation& into)
      : reader_(reader), into_(into) {}

  void explain(const run_record& which) {
    for (std::optional<run_record> next{which}; next;) {
      seen_.insert(next->id);
      explain_one(*next);
      next = failed_child(*next);
    }
  }

 private:
  void explain_one(const run_record& which) {
    const auto root = detail::read_resume_point(reader_, which);
    into_.at_run = which.id;
    into_.address.clear();
    const detail::resume_point* at = root.get();
    const bool has_end =
        is_over(which.status) || which.status == run_status::quarantined;
    if (has_end && !which.end.empty()) {
      const auto end = detail::end_form::from(which.end);
      if (end.failure) {
        add_link(at->steps, *end.failure);
        const bool is_failed = which.status == run_status::failed;
        if (is_failed) at = descend(*at, end.failure->item());
      }
    }
    into_.step = at->steps;
    into_.due_ms = at->due_ms;
    into_.attempts = 0;
    if (at->at) {
      into_.node = detail::joined_path(at->at->path);
      into_.attempts = at->at->attempt;
    }
    if (!into_.chain.empty() && !into_.chain.back().why.node().empty()) {
      into_.node = into_.chain.back().why.node();
    }
  }

  void add_link(std::uint64_t step, const error& why) {
    into_.chain.push_back({into_.at_run, into_.address, step, why});
  }

  /// Into the item that the failure names, or the first one that failed.
  const detail::resume_point* descend(const detail::resume_point& from,
                                      std::optional<std::size_t> item) {
    const auto* at = &from;
    while (into_.chain.size() < chain_max) {
      auto found = at->ended.end();
      if (item) found = at->ended.find(*item);
      if (found == at->ended.end() || !found->second.failure) {
        found = at->ended.begin();
        while (found != at->ended.end() &&
               found->second.how != branch_outcome::kind::failed) {
          ++found;
        }
      }
      if (found == at->ended.end() || !found->second.failure) return at;
      into_.address =
          detail::address_within(into_.address, {at->steps, found->first});
      const auto branch = at->branches.find(found->first);
      const auto& why = *found->second.failure;
      const bool goes_on = branch != at->branches.end();
      add_link(goes_on ? branch->second->steps : 0, why);
      item = std::nullopt;
      if (!goes_on) {
        // Nothing of it was committed.
        static const detail::resume_point none;
        return &none;
      }
      at = branch->second.get();
    }
    return at;
  }

  /// A run that a node of `of` started, and that failed last.
  std::optional<run_record> failed_child(const run_record& of) {
    std::optional<run_record> found;
    if (into_.chain.empty() || into_.chain.size() >= chain_max) return found;
    run_query failed;
    failed.statuses = {run_status::failed};
    for (;;) {
      const auto page = reader_.list(failed);
      for (const auto& each : page) {
        if (each.parent != of.id || seen_.contains(each.id)) continue;
        if (!found || each.ended_ms > found->ended_ms) found = each;
      }
      if (page.size() < failed.limit) return found;
      failed.after = page.back().id;
    }
  }

  store_reader& reader_;
  run_explanation& into_;
  std::set<std::string> seen_;
};

/// The last step that was committed before the one at `address`: within it, or
/// else around it.
void find_last_change(store_reader& reader, run_explanation& into) {
  auto address = into.address;
  auto steps = into.step;
  while (steps == 0 && !address.empty()) {
    const auto parts = detail::parts_of_address(address);
    steps = parts.back().step;
    address = std::string{detail::address_around(address)};
  }
  if (steps == 0) return;
  visit_history(reader, into.at_run, [&](const history_step& each) {
    if (each.address == address && each.step + 1 == steps) into.last = each;
    return true;
  });
  if (!into.last) return;
  try {
    const auto after = state_at(reader, into.at_run, address, steps - 1);
    std::optional<std::uint64_t> before;
    if (steps > 1) before = steps - 2;
    if (!before && !address.empty()) return;
    into.last_change =
        differences(state_at(reader, into.at_run, address, before).root(),
                    after.root(), changes_max);
  } catch (const error& why) {
    // The entries before are not there any more.
    if (why.code() != errc::missing_key) throw;
  }
}

}  // namespace

run_explanation explain_run(store_reader& reader, const std::string& id) {
  run_explanation made;
  made.run = detail::find_stored(reader, id);
  failure_finder{reader, made}.explain(made.run);
  made.effects = open_effects(reader, made.at_run);
  find_last_change(reader, made);
  return made;
}

}  // namespace troupe
