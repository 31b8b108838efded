#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>

namespace troupe::remote {

/// Counts what peers say that they missed, which may be any number.
constexpr std::uint64_t sum_within_range(std::uint64_t a, std::uint64_t b) {
  const auto sum = a + b;
  return sum < a ? std::numeric_limits<std::uint64_t>::max() : sum;
}

/// The messages on their way to one other process, which confirms them in their
/// order: a bounded number, and bounded bytes, or one alone.
///
/// Thread safety: confined to one actor or task.
class sent_window {
 public:
  sent_window(std::size_t count_max, std::size_t bytes_max)
      : count_max_(count_max), bytes_max_(bytes_max) {}

  /// Returns whether one of that size may go out.
  [[nodiscard]] bool has_room(std::size_t size) const noexcept {
    return sizes_.empty() ||
           (sizes_.size() < count_max_ && bytes_ + size <= bytes_max_);
  }
  void add(std::size_t size) {
    sizes_.push_back(size);
    bytes_ += size;
  }
  /// So many have arrived.
  void confirm(std::uint64_t count) {
    for (; count > 0 && !sizes_.empty(); --count) {
      bytes_ -= sizes_.front();
      sizes_.pop_front();
    }
  }
  /// Forgets all: the connection is another.
  void clear() {
    sizes_.clear();
    bytes_ = 0;
  }

 private:
  std::size_t count_max_;
  std::size_t bytes_max_;
  std::deque<std::size_t> sizes_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::remote
