#include "semaphore_actor.hpp"

#include "insist.hpp"
#include "run_core.hpp"

#include <troupe/detail/permit_answer.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <set>
#include <string>
#include <vector>

namespace troupe::detail {

namespace {

/// The most nodes that the text about a ring names.
constexpr std::size_t holders_named_max = 8;

/// Permits that were handed out. They come back when it dies.
struct permit_out {
  permit_out() = default;
  permit_out(const permit_out&) = delete;
  permit_out& operator=(const permit_out&) = delete;
  ~permit_out() {
    if (from) post(*from, signal{signal_kind::give_back, count});
  }

  lite_ptr<lite_actor> from;
  std::uint32_t count = 0;
};

/// True if who waits by `order` may hold a permit meanwhile.
bool holds_any(const acquire_order& order) {
  if (!order.holds.empty()) return true;
  const auto run = order.run.lock();
  return run && run->is_awaited_by_holders();
}

std::string name_of_ring(std::vector<std::string> holders) {
  std::sort(holders.begin(), holders.end());
  holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
  std::string text = "the permit can never come: all that are out are held by ";
  std::size_t named = 0;
  for (const auto& each : holders) {
    if (each.empty()) continue;
    if (named == holders_named_max) break;
    text += (named++ == 0 ? "node '" : ", node '") + each + "'";
  }
  if (named == 0) text += "coroutines";
  return text +
         ", which waits for one more here, or for a run that does; do not "
         "enter a limit within itself, or give it more permits";
}

}  // namespace

void semaphore_actor::on_signal(signal& received) {
  if (received.kind == signal_kind::acquire) {
    caf::intrusive_ptr<acquire_order> order{
        static_cast<acquire_order*>(received.body.detach()), false};
    waiting_.push(order);
    hand_out();
    if (order->is_open() && holds_any(*order)) {
      refuse_ring();
    }
  } else if (received.kind == signal_kind::give_back) {
    free_ += received.slot;
  } else if (received.kind == signal_kind::look_again) {
    if (received.slot == 0) {
      waiting_.on_withdrawn();
    } else {
      refuse_ring();
    }
  }
  hand_out();
}

void semaphore_actor::hand_out() {
  while (auto* first = waiting_.first()) {
    if (first->count > free_) return;
    caf::intrusive_ptr<answer_of<permit_answer>> brought;
    std::shared_ptr<permit_out> permit;
    insist([&] {
      permit = std::make_shared<permit_out>();
      brought =
          caf::make_counted<answer_of<permit_answer>>(permit_answer{permit});
    });
    const auto next = waiting_.take();
    if (!next) continue;
    permit->from = lite_ptr<lite_actor>{this};
    permit->count = next->order->count;
    free_ -= permit->count;
    next->who(std::move(brought), context());
  }
}

void semaphore_actor::refuse_ring() noexcept {
  try {
    find_ring();
  } catch (const std::bad_alloc&) {
    // Without memory to look with, it waits as others do.
  }
}

void semaphore_actor::find_ring() {
  std::set<std::shared_ptr<void>> held;
  std::uint64_t count = 0;
  std::vector<std::string> holders;
  acquire_order* last = nullptr;
  for (const auto& each : waiting_) {
    if (!each->is_open()) continue;
    auto tokens = each->holds;
    if (const auto run = each->run.lock()) run->add_held_above(tokens);
    for (const auto& token : tokens) {
      if (token.lender != as_lender()) continue;
      auto permit = token.permit.lock();
      if (!permit) continue;
      last = each.get();
      if (held.insert(std::move(permit)).second) {
        count += token.count;
        holders.push_back(token.holder);
      }
    }
  }
  if (last == nullptr || count < permits_ - free_) return;
  error why{errc::deadlock, name_of_ring(std::move(holders))};
  why.permanent();
  const auto who = last->claim();
  if (!who) return;
  waiting_.on_withdrawn();
  (*who)(caf::make_counted<answer_of<permit_answer>>(
             permit_answer{{}, std::move(why)}),
         context());
}

}  // namespace troupe::detail
