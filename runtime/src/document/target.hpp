#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::detail {

/// A place in a container: a key of an object, or a position of either kind.
struct target {
  [[nodiscard]] static target of(std::string_view name) noexcept;
  [[nodiscard]] static target of(std::size_t position) noexcept {
    return {{}, 0, position, false};
  }

  std::string_view name;
  // Its first eight bytes as one big-endian number, padded with zeros.
  std::uint64_t prefix;
  std::size_t position;
  bool by_key;
};

}  // namespace troupe::detail
