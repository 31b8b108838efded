#pragma once

#include "base/text.hpp"
#include "document/target.hpp"
#include "troupe/detail/value/shared_node.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace troupe::detail {

/// A key of an object. Most comparisons end at the first eight bytes, which
/// are kept as one big-endian number, padded with zeros.
struct key {
  std::uint64_t prefix;
  text* name;
};

/// The keys of one tree node. They are shared by the copies of that node that
/// differ in what the keys hold only, so a changed copy counts no key.
struct key_block : shared_node {
  explicit key_block(std::size_t room) noexcept
      : capacity{static_cast<std::uint8_t>(room)} {}
  [[nodiscard]] static key_block* make(std::size_t room);
  /// `keys` if nobody shares them and so many more fit, else a copy for which
  /// their share is given up.
  [[nodiscard]] static key_block* own(key_block* keys, std::size_t room);
  /// Gives up one share, if there are keys.
  static void release(key_block* keys) noexcept;

  [[nodiscard]] bool is_same_as(const key_block& other) const noexcept;
  /// The place among the first `high` keys, from `low` on, of the first that
  /// is not less than `where`.
  [[nodiscard]] std::size_t first_not_less(std::size_t low, std::size_t high,
                                           const target& where,
                                           bool& equal) const noexcept;
  /// @pre Nobody shares the keys, and one more fits. Takes over the share.
  void insert(std::size_t at, key name) noexcept;
  /// @pre Nobody shares the keys.
  void erase(std::size_t at) noexcept;

  [[nodiscard]] key* begin() noexcept {
    return reinterpret_cast<key*>(this + 1);
  }
  [[nodiscard]] const key* begin() const noexcept {
    return reinterpret_cast<const key*>(this + 1);
  }

  std::uint8_t count = 0;
  std::uint8_t capacity;
};

// Every look into an object runs through these, hence inline.

inline int compare(const key& a, const target& b) noexcept {
  if (a.prefix != b.prefix) return a.prefix < b.prefix ? -1 : 1;
  const std::size_t size = a.name->size;
  if (std::max(size, b.name.size()) > sizeof a.prefix) {
    return a.name->view().compare(b.name);
  }
  // All bytes are in the prefix; a shorter key ends in what may be zeros.
  if (size == b.name.size()) return 0;
  return size < b.name.size() ? -1 : 1;
}

inline std::size_t key_block::first_not_less(std::size_t low, std::size_t high,
                                             const target& where,
                                             bool& equal) const noexcept {
  const key* keys = begin();
  equal = false;
  while (low != high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = compare(keys[middle], where);
    if (order == 0) {
      equal = true;
      return middle;
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace troupe::detail
