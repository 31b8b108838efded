#pragma once

#include <cstdint>

namespace troupe::detail {

/// A seed that looks like any other number beside `mixed` of the same seed
/// with another number, or of another seed with the same one: a step of
/// splitmix64 after each of the two. Sums of seeds and small numbers meet.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t seed,
                                            std::uint64_t with) noexcept {
  constexpr auto step = [](std::uint64_t from) {
    from += 0x9e3779b97f4a7c15;
    from = (from ^ (from >> 30)) * 0xbf58476d1ce4e5b9;
    from = (from ^ (from >> 27)) * 0x94d049bb133111eb;
    return from ^ (from >> 31);
  };
  return step(step(seed) + with);
}

}  // namespace troupe::detail
