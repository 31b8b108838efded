#include "core/holding_waits.hpp"

#include "core/run_core.hpp"
#include "core/semaphore_actor.hpp"

#include <troupe/detail/fiber/permit_waits.hpp>

#include <algorithm>
#include <cassert>
#include <memory>

namespace troupe::detail {

namespace {

/// The most looks in a row where waits end meanwhile.
constexpr int tries_max = 4;

std::vector<held_token> tokens_above(const acquire_order& order) {
  auto tokens = order.holds;
  if (const auto run = order.run.lock()) run->add_held_above(tokens);
  return tokens;
}

}  // namespace

holding_waits& holding_waits::all() {
  static auto& waits = *new holding_waits;
  return waits;
}

void holding_waits::add(const acquire_order& order, const void* lender,
                        std::uint32_t permits) {
  entry made{lender, permits, {}};
  for (const auto& token : tokens_above(order)) {
    made.held.emplace_back(token.lender, token.count);
  }
  const std::lock_guard lock{mutex_};
  // First all that needs memory.
  for (const auto& [of, count] : made.held) held_.try_emplace(of, 0);
  const auto [at, is_new] = waits_.try_emplace(&order, std::move(made));
  assert(is_new);
  for (const auto& [of, count] : at->second.held) held_[of] += count;
}

void holding_waits::remove(const acquire_order& order) noexcept {
  const std::lock_guard lock{mutex_};
  const auto at = waits_.find(&order);
  if (at == waits_.end()) return;
  for (const auto& [of, count] : at->second.held) {
    const auto held = held_.find(of);
    held->second -= count;
    if (held->second == 0) held_.erase(held);
  }
  waits_.erase(at);
}

std::uint64_t holding_waits::held_of(const void* lender) const {
  const std::lock_guard lock{mutex_};
  const auto held = held_.find(lender);
  return held == held_.end() ? 0 : held->second;
}

/// A wait, as it is when all are looked at.
struct holding_waits::open_wait {
  const acquire_order* order = nullptr;
  permit_wait wait;
  std::weak_ptr<run_core> run;
};

// Only copies are made under the lock: what ends by the last reference to it
// may take down orders, which remove themselves.
std::vector<holding_waits::open_wait> holding_waits::all_open() const {
  std::vector<open_wait> open;
  const std::lock_guard lock{mutex_};
  for (const auto& [order, at] : waits_) {
    if (!order->is_open()) continue;
    open.push_back({order,
                    {at.lender, at.permits, order->count, order->holds},
                    order->run});
  }
  return open;
}

bool holding_waits::are_open(const std::set<const acquire_order*>& some) const {
  const std::lock_guard lock{mutex_};
  return std::all_of(some.begin(), some.end(), [&](const auto* each) {
    return waits_.count(each) > 0 && each->is_open();
  });
}

holding_waits::ring holding_waits::find(moved how,
                                        const acquire_order* without) const {
  for (int tries = 0; tries < tries_max; ++tries) {
    auto open = all_open();
    std::erase_if(open,
                  [&](const auto& each) { return each.order == without; });
    std::vector<permit_wait> waits;
    for (auto& each : open) {
      auto& holds = each.wait.holds;
      if (const auto run = each.run.lock()) run->add_held_above(holds);
      std::erase_if(holds, [&](const auto& token) {
        return token.permit.expired() ||
               (how == moved::left_out && token.may_be_elsewhere());
      });
      waits.push_back(std::move(each.wait));
    }
    ring found;
    std::set<const void*> lenders;
    for (const auto index : waits_without_end(waits)) {
      if (waits[index].holds.empty()) continue;
      found.waits.insert(open[index].order);
      lenders.insert(waits[index].lender);
      for (auto& token : waits[index].holds) {
        found.holders.insert(std::move(token.holder));
      }
    }
    found.lenders = lenders.size();
    // One may have ended since.
    if (are_open(found.waits)) return found;
  }
  return {};
}

}  // namespace troupe::detail
