#include "leases/lease_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace troupe::detail {

// -- workers ------------------------------------------------------------------

void lease_table::join(worker_id who, worker_offer offer, time_point now) {
  assert(!workers_.contains(who));
  workers_.emplace(who, worker{std::move(offer), now, now});
  assign(now);
}

void lease_table::drain(worker_id who) {
  const auto known = workers_.find(who);
  if (known != workers_.end()) known->second.is_draining = true;
}

void lease_table::lose(worker_id who, time_point now) {
  const auto known = workers_.find(who);
  if (known == workers_.end()) return;
  remove(known, after(now, lost_pause), loss::gone);
  assign(now);
}

void lease_table::leave(worker_id who, time_point now) {
  const auto known = workers_.find(who);
  if (known == workers_.end()) return;
  remove(known, after(now, lost_pause), loss::parted);
  assign(now);
}

void lease_table::notice(worker_id who, time_point now) {
  const auto known = workers_.find(who);
  if (known == workers_.end()) return;
  const bool was_quiet = is_quiet(known->second, now);
  known->second.heard = now;
  known->second.lived = now;
  if (was_quiet) assign(now);
}

void lease_table::stay(worker_id who, time_point now) {
  const auto known = workers_.find(who);
  if (known != workers_.end()) known->second.lived = now;
}

void lease_table::remove(std::map<worker_id, worker>::iterator who,
                         time_point until, loss how) {
  const worker_id gone = who->first;
  const auto held = who->second.held;
  const bool was_alone = held.size() == 1;
  for (const work_id each : held) {
    auto& lost = all_.at(each);
    take_from(each, lost, gone);
    count(lost, how, was_alone);
    if (!lost.with.empty()) continue;
    const auto losses = lost.losses;
    if (losses.gone + losses.silent < options_.deaths_max) {
      lost.paused_until = until;
      move(each, lost, queue_kind::paused);
    } else {
      orders_.push_back(
          {lease_order::kind::fail, gone, {each, lost.epoch}, losses});
      all_.erase(each);
    }
  }
  workers_.erase(who);
}

void lease_table::count(work& lost, loss how, bool was_alone) {
  if (how == loss::parted) return;
  ++lost.deaths;
  if (!was_alone) return;
  ++(how == loss::silent ? lost.losses.silent : lost.losses.gone);
}

void lease_table::hear(worker_id who, std::span<const lease> held,
                       time_point now, time_point as_of) {
  const auto known = workers_.find(who);
  if (known == workers_.end()) {
    // It has been dismissed, and may not have heard of that.
    order(lease_order::kind::dismiss, who);
    return;
  }
  worker& one = known->second;
  notice(who, now);
  bool may_have_more = false;
  const duration arrival =
      options_.arrival_max + time_under_way(one.bytes_under_way);
  std::set<lease> rest{held.begin(), held.end()};
  std::vector<work_id> missing;
  for (const work_id each : one.held) {
    auto& of = all_.at(each);
    const auto mine =
        std::find_if(of.with.begin(), of.with.end(),
                     [&](const holding& its) { return its.by == who; });
    if (rest.erase({each, mine->epoch}) > 0) {
      if (mine->has_arrived) continue;
      mine->has_arrived = true;
      one.bytes_under_way -= mine->bytes;
      may_have_more |= mine->bytes > 0;
    } else if (!mine->has_arrived && as_of - mine->since >= arrival) {
      missing.push_back(each);
    }
  }
  std::size_t taken_back = 0;
  for (const auto& each : rest) {
    if (taken_back++ == options_.taken_back_max) break;
    order(lease_order::kind::take_back, who, each);
  }
  for (const work_id each : missing) {
    auto& lost = all_.at(each);
    take_from(each, lost, who);
    if (lost.with.empty()) put_back(each, lost);
  }
  if (!missing.empty() || may_have_more) assign(now);
}

// -- work ---------------------------------------------------------------------

void lease_table::add(work_id what, std::string label, time_point now,
                      std::size_t bytes) {
  assert(!all_.contains(what));
  auto& added = all_.emplace(what, work{std::move(label), bytes}).first->second;
  move(what, added, queue_kind::waiting);
  assign(now);
}

void lease_table::cancel(work_id what, time_point now) {
  const auto known = all_.find(what);
  if (known == all_.end()) return;
  while (!known->second.with.empty()) {
    const holding last = known->second.with.back();
    order(lease_order::kind::take_back, last.by, {what, last.epoch});
    take_from(what, known->second, last.by);
  }
  move(what, known->second, queue_kind::none);
  all_.erase(known);
  assign(now);
}

void lease_table::send_along(worker_id with, lease which, std::size_t bytes) {
  for (auto& each : all_.at(which.work).with) {
    if (each.by != with || each.has_arrived) continue;
    each.bytes += bytes;
    workers_.at(with).bytes_under_way += bytes;
  }
}

bool lease_table::settle(worker_id who, lease which, time_point now) {
  // The results of its work may come late, behind large ones.
  notice(who, now);
  const auto known = all_.find(which.work);
  if (known == all_.end()) return false;
  const auto& with = known->second.with;
  const bool stands =
      std::any_of(with.begin(), with.end(), [&](const holding& each) {
        return each.by == who && each.epoch == which.epoch && each.is_sent;
      });
  if (!stands) return false;
  take_from(which.work, known->second, who);
  // Whoever else has it is told to stop.
  cancel(which.work, now);
  return true;
}

bool lease_table::leave_to_other(worker_id who, lease which, time_point now) {
  const auto known = all_.find(which.work);
  if (known == all_.end() || known->second.with.size() < 2) return false;
  auto& of = known->second;
  const bool stands =
      std::any_of(of.with.begin(), of.with.end(), [&](const holding& each) {
        return each.by == who && each.epoch == which.epoch && each.is_sent;
      });
  if (!stands) return false;
  notice(who, now);
  of.has_failed = true;
  take_from(which.work, of, who);
  assign(now);
  return true;
}

// -- time and orders ----------------------------------------------------------

time_point lease_table::due() const {
  auto next = after(looked_, look_every());
  for (const auto& [who, each] : workers_) {
    next = std::min(
        next, std::max(after(each.lived, options_.silence_max), misses_from_));
  }
  if (!paused_.empty()) next = std::min(next, paused_.begin()->first);
  if (options_.twice_after && !alone_.empty()) {
    next = std::min(
        next, std::max(after(alone_.begin()->first, *options_.twice_after),
                       twice_look_));
  }
  return next;
}

void lease_table::advance(time_point now) {
  if (now > after(looked_, look_every() * 3)) {
    misses_from_ = after(now, look_every());
  }
  looked_ = now;
  if (now >= misses_from_) dismiss_silent(now);
  end_pauses(now);
  assign(now);
  if (options_.twice_after && now >= twice_look_) assign_twice(now);
}

void lease_table::dismiss_silent(time_point now) {
  for (auto each = workers_.begin(); each != workers_.end();) {
    const auto silent = each++;
    if (now - silent->second.lived < options_.silence_max) continue;
    order(lease_order::kind::dismiss, silent->first);
    orders_.back().held = work_of(silent->first);
    // Those that are silent as well have had nothing new for long.
    remove(silent, now, loss::silent);
  }
}

std::optional<lease_order> lease_table::next() {
  if (orders_.empty()) return std::nullopt;
  const auto first = orders_.front();
  orders_.pop_front();
  if (first.what != lease_order::kind::give) return first;
  const auto known = all_.find(first.lease.work);
  if (known == all_.end()) return first;
  for (auto& each : known->second.with) {
    each.is_sent |= each.by == first.worker && each.epoch == first.lease.epoch;
  }
  return first;
}

std::size_t lease_table::waiting() const noexcept {
  std::size_t all = paused_.size();
  for (const auto& [label, queue] : waiting_) all += queue.size();
  for (const auto& [label, queue] : suspects_) all += queue.size();
  return all;
}

bool lease_table::is_first(worker_id who, lease which) const {
  const auto known = all_.find(which.work);
  if (known == all_.end() || known->second.with.empty()) return false;
  const auto& first = known->second.with.front();
  return first.by == who && first.epoch == which.epoch;
}

std::size_t lease_table::holders(work_id what) const {
  const auto known = all_.find(what);
  return known == all_.end() ? 0 : known->second.with.size();
}

std::size_t lease_table::held_by(worker_id who) const {
  const auto known = workers_.find(who);
  return known == workers_.end() ? 0 : known->second.held.size();
}

std::vector<work_id> lease_table::work_of(worker_id who) const {
  const auto known = workers_.find(who);
  if (known == workers_.end()) return {};
  return {known->second.held.begin(), known->second.held.end()};
}

void lease_table::order(lease_order::kind what, worker_id to, lease which) {
  orders_.push_back({what, to, which, {}});
}

}  // namespace troupe::detail
