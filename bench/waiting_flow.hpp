#pragma once

#include <troupe/flow.hpp>

#include <atomic>
#include <cstddef>
#include <memory>

namespace troupe::bench {

/// Counts sub-flows that wait.
struct waiting_tally {
  std::atomic<std::size_t> waiting{0};
  std::atomic<std::size_t> most{0};
  /// The number of waits that ended, well or by being cancelled.
  std::atomic<std::size_t> ended{0};
  /// The time at which the last of `expected` ended.
  std::size_t expected = 0;
  std::atomic<double> last_ended_ns{0};
};

/// A batch of `n` sub-flows, all at once, of three nodes: the middle one waits.
[[nodiscard]] flow waiting_flow(std::size_t n, duration wait,
                                std::shared_ptr<waiting_tally> tally);

}  // namespace troupe::bench
