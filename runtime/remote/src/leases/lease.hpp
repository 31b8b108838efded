#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace troupe::detail {

/// A step or a sub-flow that may be done elsewhere, as its supervisor numbers
/// it.
enum class work_id : std::uint64_t {};

/// A worker for as long as it is connected: one that comes back is another.
enum class worker_id : std::uint64_t {};

/// Returns the time that `bytes` may be on their way: a slow connection still
/// carries a megabyte in a second.
constexpr duration time_under_way(std::size_t bytes) {
  return std::chrono::microseconds{bytes};
}

/// Work that was given to a worker, until the supervisor says otherwise.
struct lease {
  work_id work{};
  /// Grows each time that the work is given away, so that what comes of a
  /// lease which was taken back cannot be mistaken for what is awaited.
  std::uint32_t epoch = 0;

  friend auto operator<=>(const lease&, const lease&) = default;
};

}  // namespace troupe::detail
