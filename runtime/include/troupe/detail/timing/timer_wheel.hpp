#pragma once

#include <troupe/detail/timing/listed_slab.hpp>
#include <troupe/detail/timing/tick_scale.hpp>
#include <troupe/detail/timing/timer_id.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe {

/// Timers ordered by when they are due, without a clock or a thread: the owner
/// passes the time.
///
/// Arming, cancelling and firing cost the same however many timers there are.
/// Times are rounded up to ticks, so a timer is never early and less than one
/// tick late. Those of one tick fire in the order in which they were armed.
/// A timer takes 24 bytes and its payload; memory is given back in blocks.
///
/// How it works: eight levels of 256 slots. A timer is kept at the level of the
/// highest byte in which its tick differs from the current one, and moves down
/// when time enters its slot.
///
/// Thread safety: confined to one thread. A lock may take its place.
template <class Payload>
class timer_wheel {
 public:
  using time_point = detail::tick_scale::time_point;
  using duration = detail::tick_scale::duration;

  /// Time starts at `origin`; earlier times count as `origin`.
  explicit timer_wheel(time_point origin,
                       duration tick = std::chrono::milliseconds{1})
      : ticks_{origin, tick} {}

  /// Arms a timer. One that is already due fires with the next `advance`.
  timer_id arm(time_point due, Payload payload) {
    const auto index = timers_.insert({.tick = ticks_.at_or_after(due),
                                       .generation = next_generation(),
                                       .payload = std::move(payload)});
    place(index);
    return {index, timers_[index].generation};
  }

  /// Disarms a timer. Returns false if it has fired or was cancelled.
  bool cancel(timer_id id) { return remove(id).has_value(); }

  /// Disarms a timer and returns what it was armed with, or nothing if it has
  /// fired or was cancelled.
  std::optional<Payload> remove(timer_id id) {
    if (!id || !timers_.holds(id.index) ||
        timers_[id.index].generation != id.generation) {
      return std::nullopt;
    }
    return take(id.index);
  }

  /// Moves time on, never back, and calls `fire(Payload&&)` for each timer that
  /// is due, in order. `fire` may arm and cancel timers; one that it arms and
  /// that is due already waits for the next call. After `limit` timers it stops
  /// and returns false: the others are due still.
  template <class F>
  bool advance(time_point now, F&& fire, std::size_t limit = SIZE_MAX) {
    const auto target = ticks_.at_or_before(now);
    while (!timers_.is_empty(late_list))
      move(timers_.first(late_list), due_list);
    while (true) {
      while (!timers_.is_empty(due_list)) {
        if (limit-- == 0) return false;
        fire(take(timers_.first(due_list)));
      }
      const auto next = next_event();
      if (!next || next->tick > target) break;
      enter(*next);
    }
    now_ = std::max(now_, target);
    return true;
  }

  /// Calls `take_out(Payload&&)` for up to `limit` timers, in any order, and
  /// disarms them. Returns whether none is left.
  template <class F>
  bool clear(F&& take_out, std::size_t limit = SIZE_MAX) {
    for (std::uint32_t list = 0; list < lists; ++list) {
      while (!timers_.is_empty(list)) {
        if (limit-- == 0) return false;
        take_out(take(timers_.first(list)));
      }
    }
    return true;
  }

  /// Returns the time at which the earliest timer is due, rounded up to a tick,
  /// or nothing if there is none. Looks at the timers of one slot, so ask after
  /// each `advance`, not after each `arm`.
  [[nodiscard]] std::optional<time_point> next_due() const {
    if (is_behind()) return ticks_.time_of(now_);
    const auto next = next_event();
    if (!next) return std::nullopt;
    auto earliest = UINT64_MAX;
    timers_.for_each(next->list, [&](const timer& each) {
      earliest = std::min(earliest, each.tick);
    });
    return ticks_.time_of(earliest);
  }

  /// A time at or before `next_due()`, found without looking at timers: when to
  /// call `advance` next, even if nothing may be due then.
  [[nodiscard]] std::optional<time_point> next_look() const {
    if (is_behind()) return ticks_.time_of(now_);
    const auto next = next_event();
    return next ? std::optional{ticks_.time_of(next->tick)} : std::nullopt;
  }

  /// The number of armed timers.
  [[nodiscard]] std::size_t size() const noexcept { return timers_.size(); }

  /// Asserts that each timer stands in the slot of its tick. For tests.
  void check() const {
    timers_.check();
    for (std::uint32_t list = 0; list < due_list; ++list) {
      timers_.for_each(list, [&]([[maybe_unused]] const timer& each) {
        assert(each.tick > now_ && slot_of(each.tick) == list);
      });
    }
  }

 private:
  static constexpr std::uint32_t levels = 8;
  static constexpr std::uint32_t slots = 256;
  // Slots first, then two lists: `due` is being fired, and `late` was armed
  // when its time had passed.
  static constexpr std::uint32_t due_list = levels * slots;
  static constexpr std::uint32_t late_list = due_list + 1;
  static constexpr std::uint32_t lists = late_list + 1;

  struct timer {
    std::uint64_t tick;
    std::uint32_t generation;
    Payload payload;
  };
  // The slot that time enters next.
  struct event {
    std::uint32_t list;
    std::uint64_t tick;
  };

  [[nodiscard]] bool is_behind() const {
    return !timers_.is_empty(due_list) || !timers_.is_empty(late_list);
  }

  void move(std::uint32_t index, std::uint32_t list) {
    timers_.unlink(index);
    timers_.append(list, index);
  }

  Payload take(std::uint32_t index) {
    Payload result = std::move(timers_[index].payload);
    timers_.erase(index);
    return result;
  }

  void place(std::uint32_t index) {
    const auto tick = timers_[index].tick;
    if (tick <= now_) {
      timers_.append(late_list, index);
      return;
    }
    timers_.append(slot_of(tick), index);
  }

  /// The list of a tick that is still to come.
  [[nodiscard]] std::uint32_t slot_of(std::uint64_t tick) const {
    const auto level =
        static_cast<std::uint32_t>(std::bit_width(tick ^ now_) - 1) / 8;
    const auto slot = static_cast<std::uint32_t>(tick >> (8 * level)) % slots;
    return level * slots + slot;
  }

  [[nodiscard]] std::optional<event> next_event() const {
    // A filled slot always lies after the current one of its level, and a
    // lower level before all higher ones.
    const auto list = timers_.first_filled();
    if (list >= due_list) return std::nullopt;
    const auto shift = 8 * (list / slots);
    const auto above = shift == 56 ? 0 : now_ >> (shift + 8) << (shift + 8);
    return event{list, above | std::uint64_t{list % slots} << shift};
  }

  void enter(const event& slot) {
    now_ = slot.tick;
    while (!timers_.is_empty(slot.list)) {
      const auto index = timers_.first(slot.list);
      timers_.unlink(index);
      if (timers_[index].tick == now_) {
        timers_.append(due_list, index);
      } else {
        place(index);
      }
    }
  }

  std::uint32_t next_generation() {
    last_generation_ += last_generation_ == UINT32_MAX ? 2 : 1;
    return last_generation_;
  }

  detail::tick_scale ticks_;
  std::uint64_t now_ = 0;
  std::uint32_t last_generation_ = 0;
  detail::listed_slab<timer, lists> timers_;
};

}  // namespace troupe
