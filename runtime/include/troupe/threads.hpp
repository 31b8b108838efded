#pragma once

#include <cstdint>

namespace troupe {

/// On which threads a node's `exec` runs. In node options, `troupe::blocking`
/// stands for `threads::blocking`.
enum class threads : std::uint8_t {
  /// On those that run actors; it must not block.
  shared,
  /// On the system's bounded pool of blocking threads.
  blocking,
};

}  // namespace troupe
