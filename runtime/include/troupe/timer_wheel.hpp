#pragma once

#include <troupe/slab.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe {

/// Names one timer of one `timer_wheel`. A default one names none.
struct timer_id {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  explicit operator bool() const noexcept { return generation != 0; }
  friend bool operator==(timer_id, timer_id) = default;
};

/// Timers ordered by when they are due, without a clock or a thread: whoever
/// owns it says what time it is.
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
/// Thread safety: confined to one thread, or under one lock.
template <class Payload>
class timer_wheel {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// Time starts at `origin`; earlier times count as `origin`.
  explicit timer_wheel(time_point origin,
                       duration tick = std::chrono::milliseconds{1})
      : origin_{origin}, tick_{tick} {
    for (std::uint32_t i = 0; i < lists; ++i) {
      heads_[i] = {i, i};
    }
  }

  /// Arms a timer. One that is already due fires with the next `advance`.
  timer_id arm(time_point due, Payload payload) {
    const auto index = entries_.insert({.links = {},
                                        .tick = tick_at_or_after(due),
                                        .generation = next_generation(),
                                        .payload = std::move(payload)});
    place(index + lists);
    return {index, entries_[index].generation};
  }

  /// Disarms a timer. Returns false if it has fired or was cancelled.
  bool cancel(timer_id id) { return remove(id).has_value(); }

  /// Disarms a timer and returns what it was armed with, or nothing if it has
  /// fired or was cancelled.
  std::optional<Payload> remove(timer_id id) {
    if (!id || !entries_.holds(id.index) ||
        entries_[id.index].generation != id.generation) {
      return std::nullopt;
    }
    unlink(id.index + lists);
    return take(id.index);
  }

  /// Moves time on, never back, and calls `fire(Payload&&)` for each timer that
  /// is due, in order. `fire` may arm and cancel timers; one that it arms and
  /// that is due already waits for the next call. After `limit` timers it stops
  /// and returns false: the others are due still.
  template <class F>
  bool advance(time_point now, F&& fire, std::size_t limit = SIZE_MAX) {
    const auto target = tick_at_or_before(now);
    splice(late_list, due_list);
    while (true) {
      while (!is_empty(due_list)) {
        if (limit-- == 0) {
          return false;
        }
        const auto first = heads_[due_list].next;
        unlink(first);
        fire(take(first - lists));
      }
      const auto next = next_event();
      if (!next || next->tick > target) {
        now_ = std::max(now_, target);
        return true;
      }
      enter(*next);
    }
  }

  /// Calls `take_out(Payload&&)` for up to `limit` timers, in any order, and
  /// disarms them. Returns whether none is left.
  template <class F>
  bool clear(F&& take_out, std::size_t limit = SIZE_MAX) {
    for (std::uint32_t list = 0; list < lists; ++list) {
      while (!is_empty(list)) {
        if (limit-- == 0) {
          return false;
        }
        const auto first = heads_[list].next;
        unlink(first);
        take_out(take(first - lists));
      }
    }
    return true;
  }

  /// When the earliest timer is due, rounded up to a tick, or nothing if there
  /// is none. Looks at the timers of one slot, so ask after each `advance`, not
  /// after each `arm`.
  [[nodiscard]] std::optional<time_point> next_due() const {
    if (!is_empty(due_list) || !is_empty(late_list)) {
      return time_of(now_);
    }
    const auto next = next_event();
    if (!next) {
      return std::nullopt;
    }
    auto earliest = UINT64_MAX;
    for (auto i = heads_[next->list].next; i != next->list;
         i = entries_[i - lists].links.next) {
      earliest = std::min(earliest, entries_[i - lists].tick);
    }
    return time_of(earliest);
  }

  /// A time at or before `next_due()`, found without looking at timers: when to
  /// call `advance` next, even if nothing may be due then.
  [[nodiscard]] std::optional<time_point> next_look() const {
    if (!is_empty(due_list) || !is_empty(late_list)) {
      return time_of(now_);
    }
    const auto next = next_event();
    return next ? std::optional{time_of(next->tick)} : std::nullopt;
  }

  /// The number of armed timers.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  static constexpr std::uint32_t levels = 8;
  static constexpr std::uint32_t slots = 256;
  // Slots first, then two lists: `due` is being fired, and `late` was armed
  // when its time had passed.
  static constexpr std::uint32_t due_list = levels * slots;
  static constexpr std::uint32_t late_list = due_list + 1;
  static constexpr std::uint32_t lists = late_list + 1;

  // Lists are circular, and each begins and ends at its head. A number below
  // `lists` names a head, others name entries.
  struct link_pair {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
  };
  struct entry {
    link_pair links;
    std::uint64_t tick;
    std::uint32_t generation;
    Payload payload;
  };
  // The slot that time enters next.
  struct event {
    std::uint32_t list;
    std::uint64_t tick;
  };

  link_pair& links(std::uint32_t i) {
    return i < lists ? heads_[i] : entries_[i - lists].links;
  }
  [[nodiscard]] bool is_empty(std::uint32_t list) const {
    return heads_[list].next == list;
  }

  void append(std::uint32_t list, std::uint32_t i) {
    const auto last = heads_[list].previous;
    links(i) = {list, last};
    links(last).next = i;
    heads_[list].previous = i;
    if (list < due_list) {
      filled_[list / 64] |= std::uint64_t{1} << (list % 64);
    }
  }

  void unlink(std::uint32_t i) {
    const auto [next, previous] = links(i);
    links(previous).next = next;
    links(next).previous = previous;
    if (next == previous && next < due_list) {
      filled_[next / 64] &= ~(std::uint64_t{1} << (next % 64));
    }
  }

  void splice(std::uint32_t from, std::uint32_t to) {
    while (!is_empty(from)) {
      const auto i = heads_[from].next;
      unlink(i);
      append(to, i);
    }
  }

  Payload take(std::uint32_t index) {
    Payload result = std::move(entries_[index].payload);
    entries_.erase(index);
    return result;
  }

  void place(std::uint32_t i) {
    const auto tick = entries_[i - lists].tick;
    if (tick <= now_) {
      append(late_list, i);
      return;
    }
    const auto level =
        static_cast<std::uint32_t>(std::bit_width(tick ^ now_) - 1) / 8;
    const auto slot = static_cast<std::uint32_t>(tick >> (8 * level)) % slots;
    append(level * slots + slot, i);
  }

  [[nodiscard]] std::optional<event> next_event() const {
    // A filled slot always lies after the current one of its level, and a
    // lower level before all higher ones.
    for (std::uint32_t word = 0; word < filled_.size(); ++word) {
      if (filled_[word] == 0) {
        continue;
      }
      const auto list = word * 64 + static_cast<std::uint32_t>(
                                        std::countr_zero(filled_[word]));
      const auto shift = 8 * (list / slots);
      const auto above = shift == 56 ? 0 : now_ >> (shift + 8) << (shift + 8);
      return event{list, above | std::uint64_t{list % slots} << shift};
    }
    return std::nullopt;
  }

  void enter(const event& slot) {
    now_ = slot.tick;
    while (!is_empty(slot.list)) {
      const auto i = heads_[slot.list].next;
      unlink(i);
      if (entries_[i - lists].tick == now_) {
        append(due_list, i);
      } else {
        place(i);
      }
    }
  }

  std::uint32_t next_generation() {
    last_generation_ += last_generation_ == UINT32_MAX ? 2 : 1;
    return last_generation_;
  }

  [[nodiscard]] std::uint64_t tick_at_or_before(time_point time) const {
    return time <= origin_
               ? 0
               : static_cast<std::uint64_t>((time - origin_) / tick_);
  }
  [[nodiscard]] std::uint64_t tick_at_or_after(time_point time) const {
    const auto before = tick_at_or_before(time);
    return time > time_of(before) ? before + 1 : before;
  }
  [[nodiscard]] time_point time_of(std::uint64_t tick) const {
    const auto last =
        static_cast<std::uint64_t>((time_point::max() - origin_) / tick_);
    return tick > last ? time_point::max()
                       : origin_ + static_cast<duration::rep>(tick) * tick_;
  }

  const time_point origin_;
  const duration tick_;
  std::uint64_t now_ = 0;
  std::uint32_t last_generation_ = 0;
  std::array<std::uint64_t, levels * slots / 64> filled_{};
  std::array<link_pair, lists> heads_;
  slab<entry> entries_;
};

}  // namespace troupe
