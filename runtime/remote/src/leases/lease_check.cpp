// The invariants of a lease_table between calls.

#include "leases/lease_table.hpp"

#include <algorithm>
#include <cassert>

namespace troupe::detail {

void lease_table::check() const {
#ifndef NDEBUG
  std::size_t paused = 0;
  std::size_t queued = 0;
  std::size_t alone = 0;
  std::size_t holdings = 0;
  for (const auto& [what, each] : all_) {
    assert(each.with.empty() == (each.in != queue_kind::none) &&
           "a work is either in a queue or with workers");
    const auto& with = each.with;
    const auto is_in = [&label = each.label, id = what](const queues& all) {
      const auto mine = all.find(label);
      return mine != all.end() && mine->second.contains(id);
    };
    assert(is_in(waiting_) == (each.in == queue_kind::waiting));
    assert(is_in(suspects_) == (each.in == queue_kind::suspects));
    assert(paused_.contains({each.paused_until, what}) ==
           (each.in == queue_kind::paused));
    assert((each.in != queue_kind::waiting || !is_suspect(each)) &&
           (each.in != queue_kind::suspects || is_suspect(each)) &&
           "suspects have queues of their own");
    const bool is_paused = each.in == queue_kind::paused;
    paused += is_paused ? 1 : 0;
    queued += each.with.empty() && !is_paused ? 1 : 0;
    assert(each.losses.gone + each.losses.silent <= each.deaths);
    assert(with.size() <= 2);
    std::uint32_t last = 0;
    for (const holding& its : with) {
      const auto by = workers_.find(its.by);
      assert(by != workers_.end() && by->second.held.contains(what));
      assert(its.epoch > last && its.epoch <= each.epoch &&
             "each time that it was given had a number of its own");
      last = its.epoch;
    }
    assert((with.size() < 2 || with[0].by != with[1].by) &&
           "a second worker is another one");
    const bool is_alone = with.size() == 1 && !each.has_failed;
    assert((with.empty() ||
            alone_.contains({with.front().since, what}) == is_alone) &&
           "what one worker has may be given to a second one");
    alone += is_alone ? 1 : 0;
    holdings += with.size();
  }
  assert(alone_.size() == alone);
  assert(paused_.size() == paused);
  std::size_t in_queues = 0;
  for (const auto* all : {&waiting_, &suspects_}) {
    for (const auto& [label, each] : *all) {
      assert(!each.empty() && "no queue is empty");
      in_queues += each.size();
    }
  }
  assert(in_queues == queued);
  assert(waiting() == queued + paused);
  check_workers(holdings);
#endif
}

void lease_table::check_workers([[maybe_unused]] std::size_t holdings) const {
#ifndef NDEBUG
  std::size_t held = 0;
  for (const auto& [who, each] : workers_) {
    std::size_t under_way = 0;
    bool has_one_alone = false;
    for (const work_id what : each.held) {
      const auto& with = all_.at(what).with;
      const auto mine =
          std::find_if(with.begin(), with.end(),
                       [id = who](const auto& its) { return its.by == id; });
      assert(mine != with.end());
      under_way += mine->has_arrived ? 0 : mine->bytes;
      has_one_alone |= mine->is_alone;
    }
    assert(each.bytes_under_way == under_way);
    assert(each.is_taken == has_one_alone);
    assert((!each.is_taken || each.held.size() == 1) &&
           "what is suspected has its worker for itself");
    assert(each.held.size() <= each.offer.capacity);
    held += each.held.size();
  }
  assert(held == holdings);
  for (const worker_id each : reserved_) assert(workers_.contains(each));
#endif
}

}  // namespace troupe::detail
