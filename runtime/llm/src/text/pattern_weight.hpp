#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace troupe::llm::detail {

/// The number of characters and classes of a pattern when its repetitions are
/// written out, counted while it is read. It stays just above the limit once it
/// is there.
class pattern_weight {
 public:
  explicit pattern_weight(std::size_t most) : above_(most + 1) {}

  void add(std::size_t weight) {
    auto& open = groups_.back();
    open.sum = std::min(open.sum + open.last, above_);
    open.last = weight;
  }
  /// The part that was added last is repeated; `count` is small.
  void repeat(std::size_t count) {
    auto& repeated = groups_.back().last;
    repeated = std::min(repeated * std::max<std::size_t>(count, 1), above_);
  }
  void open_group() {
    add(0);
    groups_.emplace_back();
  }
  /// The whole group becomes the part that was added last.
  void close_group() {
    if (groups_.size() == 1) return;
    const auto closed = groups_.back();
    groups_.pop_back();
    groups_.back().last = std::min(closed.sum + closed.last, above_);
  }

  [[nodiscard]] std::size_t total() {
    while (groups_.size() > 1) close_group();
    return groups_.back().sum + groups_.back().last;
  }

 private:
  struct group {
    std::size_t sum = 0;
    /// Not in the sum yet, as a repetition may follow.
    std::size_t last = 0;
  };

  std::size_t above_;
  std::vector<group> groups_ = std::vector<group>(1);
};

}  // namespace troupe::llm::detail
