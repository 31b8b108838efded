#include "core/semaphore_actor.hpp"

#include "actor/timer_service.hpp"
#include "core/run_core.hpp"
#include "threads/insist.hpp"

#include <cstddef>
#include <new>
#include <set>
#include <string>
#include <utility>

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
    if (from) send_to(*from, semaphore_message::give_back{count});
  }

  lite_ptr<semaphore_actor> from;
  std::uint32_t count = 0;
};

/// Returns whether the waiting task of `order` may hold a permit meanwhile.
bool holds_any(const acquire_order& order) {
  if (!order.holds.empty()) return true;
  const auto run = order.run.lock();
  return run && run->is_awaited_by_holders();
}

std::string names_of(const std::set<std::string>& holders) {
  std::string text;
  std::size_t named = 0;
  for (const auto& each : holders) {
    if (each.empty()) continue;
    if (named == holders_named_max) break;
    text += (named++ == 0 ? "node '" : ", node '") + each + "'";
  }
  return named == 0 ? "coroutines" : text;
}

std::string text_of_line(const std::set<std::string>& holders) {
  return "the permit can never be granted: all permits are held by " +
         names_of(holders) +
         ", which waits for another one here, or for a run that does; do not "
         "acquire a limit while holding it, or give it more permits";
}

error full_line(std::size_t waiting_max) {
  return {errc::overloaded,
          "the queue for permits is full: " + std::to_string(waiting_max) +
              " coroutines wait; let fewer run at once, for example by the "
              "concurrency of their fan-out, or raise "
              "semaphore_options.waiting_max"};
}

std::string text_of_ring(const holding_waits::ring& ring) {
  if (ring.lenders < 2) return text_of_line(ring.holders);
  return "the permit can never be granted: attempts of " +
         names_of(ring.holders) + " wait for each other over " +
         std::to_string(ring.lenders) +
         " limits; acquire limits in the same order everywhere, or give them "
         "more permits";
}

}  // namespace

acquire_order::~acquire_order() {
  if (is_listed) holding_waits::all().remove(*this);
}

void semaphore_actor::on(semaphore_message::acquire asked) {
  auto& order = *asked.order;
  if (waiting_.size() >= waiting_max_) {
    insist([&] { answer(order, {{}, full_line(waiting_max_)}); });
    return;
  }
  waiting_.push(asked.order);
  hand_out();
  if (order.is_open() && holds_any(order)) look_for_rings(asked.order.get());
  hand_out();
}

void semaphore_actor::on(semaphore_message::give_back returned) {
  free_ += returned.count;
  hand_out();
}

void semaphore_actor::on(semaphore_message::withdrawn) {
  waiting_.on_withdrawn();
  hand_out();
}

void semaphore_actor::on(semaphore_message::holder_waits) {
  look_for_rings(nullptr);
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
    if (std::exchange(next->order->is_listed, false)) {
      holding_waits::all().remove(*next->order);
    }
    permit->from = lite_ptr<semaphore_actor>{this};
    permit->count = next->order->count;
    free_ -= permit->count;
    next->who(std::move(brought), context());
  }
}

void semaphore_actor::list(acquire_order& order) {
  if (order.is_listed) return;
  holding_waits::all().add(order, as_lender(), permits_);
  order.is_listed = true;
}

void semaphore_actor::look_for_rings(acquire_order* newest) noexcept {
  try {
    if (newest != nullptr) {
      look_at(*newest);
    } else {
      look_at_all();
    }
  } catch (const std::bad_alloc&) {
    // Without memory to look with, it waits as others do.
  }
}

void semaphore_actor::look_at(acquire_order& newest) {
  using moved = holding_waits::moved;
  list(newest);
  auto& waits = holding_waits::all();
  const auto held = waits.held_of(as_lender());
  if (held == 0) return;
  const auto searching = waits.search();
  if (held + newest.count > permits_) {
    const auto ring = waits.find(moved::left_out);
    if (ring.waits.count(&newest) > 0) {
      refuse(newest, text_of_ring(ring));
      return;
    }
    const auto perhaps = waits.find(moved::counted);
    if (perhaps.waits.count(&newest) > 0) {
      warn_of(newest, "if no other coroutine was given a permit: " +
                          text_of_ring(perhaps));
    }
  }
  // It may only wait for another that stands before it and wants more.
  if (newest.count <= free_) look_at_line();
}

void semaphore_actor::look_at_all() {
  for (const auto& each : waiting_) {
    if (each->is_open() && holds_any(*each)) list(*each);
  }
  auto& waits = holding_waits::all();
  if (waits.held_of(as_lender()) == 0) return;
  const auto searching = waits.search();
  for (;;) {
    const auto ring = waits.find(holding_waits::moved::left_out);
    auto* last = one_of(ring);
    if (last == nullptr) break;
    refuse(*last, text_of_ring(ring));
  }
  look_at_line();
}

// One that lets others go on when it is refused, and not one that only waits
// for them.
acquire_order* semaphore_actor::one_of(const holding_waits::ring& ring) const {
  acquire_order* any = nullptr;
  for (const auto& each : waiting_) {
    if (!each->is_open() || ring.waits.count(each.get()) == 0) continue;
    any = each.get();
    const auto rest =
        holding_waits::all().find(holding_waits::moved::left_out, each.get());
    if (rest.waits.size() + 1 < ring.waits.size()) break;
  }
  return any;
}

// If all permits are held by those that wait here, none comes back, whoever
// stands first.
void semaphore_actor::look_at_line() {
  std::set<std::shared_ptr<void>> held;
  std::uint64_t count = 0;
  std::set<std::string> holders;
  acquire_order* last = nullptr;
  for (const auto& each : waiting_) {
    if (!each->is_open()) continue;
    auto tokens = each->holds;
    if (const auto run = each->run.lock()) run->add_held_above(tokens);
    for (const auto& token : tokens) {
      if (token.lender != as_lender() || token.may_be_elsewhere()) continue;
      auto permit = token.permit.lock();
      if (!permit) continue;
      last = each.get();
      if (held.insert(std::move(permit)).second) {
        count += token.count;
        holders.insert(token.holder);
      }
    }
  }
  if (last == nullptr || count < permits_ - free_) return;
  refuse(*last, text_of_line(holders));
}

void semaphore_actor::refuse(acquire_order& order, std::string text) {
  if (answer(order, {{}, error{errc::deadlock, std::move(text)}})) {
    waiting_.on_withdrawn();
  }
}

// Returns whether it still waited.
bool semaphore_actor::answer(acquire_order& order, permit_answer with) {
  auto brought = caf::make_counted<answer_of<permit_answer>>(std::move(with));
  const auto who = order.claim();
  if (who) (*who)(std::move(brought), context());
  return who.has_value();
}

void semaphore_actor::warn_of(const acquire_order& order, std::string text) {
  const auto run = order.run.lock();
  if (!run) return;
  event warning;
  warning.kind = event_kind::warning;
  warning.at = at().timers->now();
  warning.run = run->id();
  if (!order.holds.empty()) warning.node = order.holds.front().holder;
  warning.text = std::move(text);
  run->tell(std::move(warning));
}

}  // namespace troupe::detail
