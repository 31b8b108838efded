#pragma once

#include <troupe/clock.hpp>

#include <cstdint>
#include <optional>

namespace troupe {

/// The ended runs of a flow that a store keeps: those within all limits; absent
/// means no limit. The ones that ended first are purged first. Runs that have
/// not ended are always kept.
struct retention_rule {
  /// The age, since the end.
  std::optional<duration> age{};
  std::optional<std::uint64_t> count{};
  /// The bytes that they take together, large parts included.
  std::optional<std::uint64_t> bytes{};
};

}  // namespace troupe
