// The part of lease_table that chooses workers for work.

#include "leases/lease_table.hpp"

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
    give(what, of, to->first, now);
    const auto rest = waiting_.find(of.label);
    if (rest != waiting_.end()) fronts.insert(*rest->second.begin());
  }
}

// First, so that what is suspected does not wait for ever, and one after the
// other on one worker, unless others are empty: it may be what they die of.
void lease_table::assign_suspects(time_point now) {
  reserved_.clear();
  for (auto queue = suspects_.begin(); queue != suspects_.end();) {
    const std::string label = queue->first;
    std::size_t left = queue->second.size();
    auto least = workers_.end();
    bool is_one_taken = false;
    for (auto each = workers_.begin(); each != workers_.end() && left > 0;
         ++each) {
      auto& one = each->second;
      if (!serves(one, label, now)) continue;
      if (one.is_taken) {
        is_one_taken = true;
      } else if (one.held.empty()) {
        const work_id what = *queue->second.begin();
        give(what, all_.at(what), each->first, now);
        --left;
        is_one_taken = true;
      } else if (least == workers_.end() ||
                 one.held.size() < least->second.held.size()) {
        least = each;
      }
    }
    if (left > 0 && !is_one_taken && least != workers_.end()) {
      reserved_.insert(least->first);
    }
    // The queue goes with the last that was in it.
    queue = suspects_.upper_bound(label);
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

void lease_table::move(work_id what, work& of, queue_kind to) {
  if (of.in == queue_kind::paused) {
    paused_.erase({of.paused_until, what});
  } else if (of.in != queue_kind::none) {
    auto& from = of.in == queue_kind::waiting ? waiting_ : suspects_;
    const auto mine = from.find(of.label);
    mine->second.erase(what);
    if (mine->second.empty()) from.erase(mine);
  }
  of.in = to;
  if (to == queue_kind::paused) {
    paused_.emplace(of.paused_until, what);
  } else if (to != queue_kind::none) {
    (to == queue_kind::waiting ? waiting_ : suspects_)[of.label].insert(what);
  }
}

void lease_table::give(work_id what, work& of, worker_id to, time_point now) {
  move(what, of, queue_kind::none);
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
  worker& one = workers_.at(from);
  std::erase_if(of.with, [&](const holding& each) {
    if (each.by != from) return false;
    if (!each.has_arrived) one.bytes_under_way -= each.bytes;
    if (each.is_alone) one.is_taken = false;
    return true;
  });
  if (of.with.size() == 1 && !of.has_failed) {
    alone_.emplace(of.with.front().since, what);
  }
  one.held.erase(what);
}

void lease_table::put_back(work_id what, work& of) {
  move(what, of, is_suspect(of) ? queue_kind::suspects : queue_kind::waiting);
}

void lease_table::end_pauses(time_point now) {
  while (!paused_.empty() && paused_.begin()->first <= now) {
    const work_id what = paused_.begin()->second;
    put_back(what, all_.at(what));
  }
}

}  // namespace troupe::detail
