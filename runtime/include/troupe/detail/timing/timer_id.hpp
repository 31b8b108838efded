#pragma once

#include <cstdint>

namespace troupe {

/// Names one timer of one `timer_wheel`. A default one names none.
///
/// Thread safety: immutable.
struct timer_id {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  explicit operator bool() const noexcept { return generation != 0; }
  friend bool operator==(timer_id, timer_id) = default;
};

}  // namespace troupe
