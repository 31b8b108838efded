// The part of lease_table that chooses workers for work.

#include "work/lease_table.hpp"

#include <algorithm>
#include <utility>

namespace troupe::detail {

void lease_table::assign(time_point now) {
  assign_suspects(now);
  // Of each label the oldest, and of these the oldest that somebody can take.
  std::set<work_id> fronts;
  for (const auto& [label, queue] : waiting_) fronts.insert(*queue.begin());
  while (!fronts.empty()) {
    const work_id what = fronts.extract(fronts.begin()).value();
    auto& of = all_.at(what);
    const auto to = freest(of.label, of, now);
    if (to == workers_.end()) continue;
    const auto queue = waiting_.find(of.label);
    queue->second.erase(what);
    if (queue->second.empty()) {
      waiting_.erase(queue);
    } else {
      fronts.insert(*queue->second.begin());
    }
    give(what, of, to->first, now);
  }
}

// First, so that what is suspected does not wait for ever, and one after the
// other on one worker, unless others are empty: it may be what they die of.
void lease_table::assign_suspects(time_point now) {
  reserved_.clear();
  for (auto queue = suspects_.begin(); queue != suspects_.end();) {
    const auto& label = queue->first;
    auto least = workers_.end();
    bool is_one_taken = false;
    for (auto each = workers_.begin();
         each != workers_.end() && !queue->second.empty(); ++each) {
      auto& one = each->second;
      if (!serves(one, label, now)) continue;
      if (one.is_taken) {
        is_one_taken = true;
      } else if (one.held.empty()) {
        const auto what = queue->second.extract(queue->second.begin()).value();
        give(what, all_.at(what), each->first, now);
        is_one_taken = true;
      } else if (least == workers_.end() ||
                 one.held.size() < least->second.held.size()) {
        least = each;
      }
    }
    if (queue->second.empty()) {
      queue = suspects_.erase(queue);
      continue;
    }
    if (!is_one_taken && least != workers_.end())
      reserved_.insert(least->first);
    ++queue;
  }
}

void lease_table::assign_twice(time_point now) {
  std::vector<work_id> slow;
  for (const auto& [since, what] : alone_) {
    if (now - since < *options_.twice_after) break;
    slow.push_back(what);
  }
  for (const work_id what : slow) {
    auto& of = all_.at(what);
    if (is_suspect(of)) continue;
    const auto to = freest(of.label, of, now);
    if (to != workers_.end()) give(what, of, to->first, now);
  }
  twice_look_ = after(now, *options_.twice_after);
}

bool lease_table::serves(const worker& one, const std::string& label,
                         time_point now) const {
  return !one.is_draining && !is_quiet(one, now) &&
         (label.empty() || one.offer.labels.contains(label));
}

bool lease_table::is_quiet(const worker& one, time_point now) const {
  return now - one.heard >= options_.silence_max / 2;
}

std::map<worker_id, lease_table::worker>::iterator lease_table::freest(
    const std::string& label, const work& what, time_point now) {
  auto best = workers_.end();
  double best_load = 1;
  for (auto each = workers_.begin(); each != workers_.end(); ++each) {
    const worker_id who = each->first;
    const worker& one = each->second;
    const double load = static_cast<double>(one.held.size()) /
                        static_cast<double>(one.offer.capacity);
    if (load >= best_load || !serves(one, label, now)) continue;
    if (one.is_taken || reserved_.contains(who)) continue;
    if (one.bytes_under_way > 0 &&
        one.bytes_under_way + what.bytes > options_.bytes_under_way_max) {
      continue;
    }
    const bool has_it =
        std::any_of(what.with.begin(), what.with.end(),
                    [&](const holding& mine) { return mine.by == who; });
    if (has_it) continue;
    best = each;
    best_load = load;
  }
  return best;
}

void lease_table::give(work_id what, work& of, worker_id to, time_point now) {
  for (const auto& each : of.with) alone_.erase({each.since, what});
  of.with.push_back({to, ++of.epoch, now, of.bytes});
  of.with.back().is_alone = is_suspect(of);
  if (of.with.size() == 1 && !of.has_failed) alone_.emplace(now, what);
  auto& one = workers_.at(to);
  one.is_taken |= is_suspect(of);
  one.held.insert(what);
  one.bytes_under_way += of.bytes;
  order(lease_order::kind::give, to, {what, of.epoch});
}

void lease_table::take_from(work_id what, work& of, worker_id from) {
  for (const auto& each : of.with) alone_.erase({each.since, what});
  const auto known = workers_.find(from);
  std::erase_if(of.with, [&](const holding& each) {
    if (each.by != from) return false;
    if (known == workers_.end()) return true;
    if (!each.has_arrived) known->second.bytes_under_way -= each.bytes;
    if (each.is_alone) known->second.is_taken = false;
    return true;
  });
  if (of.with.size() == 1 && !of.has_failed) {
    alone_.emplace(of.with.front().since, what);
  }
  if (known != workers_.end()) known->second.held.erase(what);
}

void lease_table::put_back(work_id what, const work& of) {
  (is_suspect(of) ? suspects_ : waiting_)[of.label].insert(what);
}

void lease_table::end_pauses(time_point now) {
  while (!paused_.empty() && paused_.begin()->first <= now) {
    const work_id what = paused_.extract(paused_.begin()).value().second;
    auto& of = all_.at(what);
    of.paused_until.reset();
    put_back(what, of);
  }
}

}  // namespace troupe::detail
