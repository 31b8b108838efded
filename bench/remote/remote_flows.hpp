#pragma once

// The flows that the supervisor of a benchmark and its workers both have.

#include <troupe/flow.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

/// The workers' label.
inline constexpr const char* remote_label = "bench";

/// The steps of several runs together. Workers have none.
struct echo_steps {
  /// Steps of `runs` runs with the numbers 0, 1, ...
  echo_steps(std::size_t steps, std::size_t runs, std::string what)
      : all(steps),
        payload(std::move(what)),
        begun(runs),
        began_ns(runs),
        took_ns(steps) {}

  const std::size_t all;
  const std::string payload;
  std::atomic<std::size_t> begun;
  std::atomic<std::size_t> ended{0};
  std::atomic<std::size_t> wrong{0};
  std::vector<double> began_ns;
  std::vector<double> took_ns;
};

/// A loop of placed steps: the payload goes out and comes back. Each run has
/// its number as the param "run".
/// There must be at least as many steps as runs.
[[nodiscard]] flow echo_flow(std::shared_ptr<echo_steps> steps);

enum class sub_flows_at : std::uint8_t { home, workers };

/// A batch of `n` sub-flows of three trivial nodes, the last of which writes
/// one number.
[[nodiscard]] flow numbers_flow(std::size_t n, std::size_t concurrency,
                                sub_flows_at where);

}  // namespace troupe::bench
