#pragma once

#include <troupe/detail/timing/slab.hpp>

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace troupe::detail {

/// A slab whose values stand in one of `Lists` lists each, in the order in
/// which they came to it. To move a value, unlink it and append it again.
///
/// Thread safety: confined to one thread. A lock may take its place.
template <class T, std::uint32_t Lists>
class listed_slab {
 public:
  listed_slab() {
    for (std::uint32_t i = 0; i < Lists; ++i) {
      heads_[i] = {i, i};
    }
  }

  /// Stores a value, which stands in no list yet, and returns its number.
  std::uint32_t insert(T&& value) {
    return entries_.insert({.links = {}, .value = std::move(value)});
  }
  /// Unlinks a value and destroys it.
  void erase(std::uint32_t number) {
    unlink(number);
    entries_.erase(number);
  }

  void append(std::uint32_t list, std::uint32_t number) {
    const auto i = number + Lists;
    const auto last = heads_[list].previous;
    links(i) = {list, last};
    links(last).next = i;
    heads_[list].previous = i;
    filled_[list / 64] |= std::uint64_t{1} << (list % 64);
  }
  void unlink(std::uint32_t number) {
    const auto [next, previous] = links(number + Lists);
    links(previous).next = next;
    links(next).previous = previous;
    // Only the head of a list stands on both sides of its last value.
    if (next == previous) {
      filled_[next / 64] &= ~(std::uint64_t{1} << (next % 64));
    }
  }

  [[nodiscard]] bool is_empty(std::uint32_t list) const {
    return heads_[list].next == list;
  }
  /// The first value of a list. @pre it is not empty
  [[nodiscard]] std::uint32_t first(std::uint32_t list) const {
    assert(!is_empty(list));
    return heads_[list].next - Lists;
  }
  /// The first list that is not empty, or `Lists` if all are.
  [[nodiscard]] std::uint32_t first_filled() const {
    for (std::uint32_t word = 0; word < filled_.size(); ++word) {
      if (filled_[word] != 0) {
        return word * 64 +
               static_cast<std::uint32_t>(std::countr_zero(filled_[word]));
      }
    }
    return Lists;
  }
  /// Calls `look(const T&)` for each value of a list.
  template <class F>
  void for_each(std::uint32_t list, F&& look) const {
    for (auto i = heads_[list].next; i != list;) {
      const auto& each = entries_[i - Lists];
      look(each.value);
      i = each.links.next;
    }
  }

  /// Returns whether the number belongs to a value.
  [[nodiscard]] bool holds(std::uint32_t number) const {
    return entries_.holds(number);
  }
  T& operator[](std::uint32_t number) { return entries_[number].value; }
  const T& operator[](std::uint32_t number) const {
    return entries_[number].value;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// Asserts that each value stands in one list, and that the links of the
  /// lists and their bits agree. For tests.
  void check() const {
#ifndef NDEBUG
    entries_.check();
    std::size_t listed = 0;
    for (std::uint32_t list = 0; list < Lists; ++list) {
      assert(is_empty(list) == ((filled_[list / 64] >> (list % 64) & 1) == 0));
      auto last = list;
      for (auto i = heads_[list].next; i != list;) {
        assert(entries_[i - Lists].links.previous == last);
        last = i;
        i = entries_[i - Lists].links.next;
        ++listed;
      }
      assert(heads_[list].previous == last);
    }
    assert(listed == entries_.size());
#endif
  }

 private:
  // Lists are circular, and each begins and ends at its head. A number below
  // `Lists` names a head, others name entries.
  struct link_pair {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
  };
  struct entry {
    link_pair links;
    T value;
  };

  link_pair& links(std::uint32_t i) {
    return i < Lists ? heads_[i] : entries_[i - Lists].links;
  }

  // A bit for each list, whether it is filled.
  std::array<std::uint64_t, (Lists + 63) / 64> filled_{};
  std::array<link_pair, Lists> heads_;
  slab<entry> entries_;
};

}  // namespace troupe::detail
