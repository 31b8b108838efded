#include "troupe/detail/lease_table.hpp"

#include <algorithm>
#include <utility>

namespace troupe::detail {

// -- workers ------------------------------------------------------------------

void lease_table::join(worker_id who, worker_offer offer, time_point now) {
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
  const auto held = std::move(who->second.held);
  const bool was_alone = held.size() == 1;
  workers_.erase(who);
  for (const work_id each : held) {
    auto& lost = all_.at(each);
    take_from(each, lost, gone);
    count(lost, how, was_alone);
    if (!lost.with.empty()) continue;
    const auto losses = lost.losses;
    if (losses.gone + losses.silent < options_.deaths_max) {
      lost.paused_until = until;
      paused_.emplace(until, each);
    } else {
      orders_.push_back(
          {lease_order::kind::fail, gone, {each, lost.epoch}, losses});
      all_.erase(each);
    }
  }
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
  waiting_[label].insert(what);
  all_.emplace(what, work{std::move(label), bytes});
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
  if (known->second.paused_until) {
    paused_.erase({*known->second.paused_until, what});
  }
  for (auto* queues : {&waiting_, &suspects_}) {
    const auto queue = queues->find(known->second.label);
    if (queue == queues->end()) continue;
    queue->second.erase(what);
    if (queue->second.empty()) queues->erase(queue);
  }
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
  // What it holds may come late, behind large results.
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

// -- who gets what ------------------------------------------------------------

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
  if (of.with.size() == 1) alone_.emplace(now, what);
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
  if (of.with.size() == 1) alone_.emplace(of.with.front().since, what);
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
