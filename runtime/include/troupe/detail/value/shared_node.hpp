#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::detail {

/// The start of everything that values share. A count of 1, read with acquire,
/// means that no other thread can see the node.
struct shared_node {
  [[nodiscard]] bool is_sole_owner() const noexcept {
    return references.load(std::memory_order_acquire) == 1;
  }
  void share() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  // Gives up one share; returns whether it was the last owner's. The sole owner
  // need not lock the bus.
  [[nodiscard]] bool give_up() noexcept {
    return is_sole_owner() ||
           references.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  std::atomic<std::uint32_t> references{1};
};

}  // namespace troupe::detail
