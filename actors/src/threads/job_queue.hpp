#pragma once

#include "threads/insist.hpp"

#include <cstddef>
#include <vector>

namespace caf {
class resumable;
}

namespace troupe::detail {

/// Actors that wait for a turn, first in, first out. Takes memory only when
/// more of them wait than ever before, and waits for it where there is none: an
/// actor that was woken must not be lost.
///
/// Thread safety: confined to one thread. A lock may take its place.
class job_queue {
 public:
  job_queue() : ring_(1024) {}

  void push(caf::resumable* job) noexcept {
    if (size_ == ring_.size()) insist([this] { grow(); });
    ring_[(first_ + size_++) & (ring_.size() - 1)] = job;
  }
  /// Null if there is none.
  caf::resumable* pop() noexcept {
    if (size_ == 0) return nullptr;
    auto* job = ring_[first_];
    first_ = (first_ + 1) & (ring_.size() - 1);
    --size_;
    return job;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  void grow() {
    std::vector<caf::resumable*> larger(2 * ring_.size());
    for (std::size_t i = 0; i < size_; ++i) {
      larger[i] = ring_[(first_ + i) & (ring_.size() - 1)];
    }
    ring_.swap(larger);
    first_ = 0;
  }

  /// Its size is a power of two.
  std::vector<caf::resumable*> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace troupe::detail
