#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// The faults that a run survives.
enum class durability : std::uint8_t {
  /// None: the run ends with its process.
  off,
  /// The death of its process. After a loss of power, the last of its steps may
  /// be missing, and are done again.
  normal,
  /// Also a loss of power: a step counts once it is on the disk.
  full,
};

/// The name of `how` as written in the source.
[[nodiscard]] std::string_view to_string(durability how) noexcept;

}  // namespace troupe
