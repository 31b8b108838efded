#pragma once

#include "troupe/detail/value/shared_node.hpp"

#include <cstddef>
#include <new>
#include <string_view>

namespace troupe::detail {

/// Immutable text, followed by its bytes.
struct text : shared_node {
  explicit text(std::size_t bytes) noexcept : size{bytes} {}
  /// @pre `bytes` is UTF-8.
  [[nodiscard]] static text* make(std::string_view bytes);
  /// Gives up one share.
  static void release(text* shared) noexcept {
    if (!shared->give_up()) return;
    shared->~text();
    ::operator delete(shared);
  }

  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(this + 1), size};
  }

  std::size_t size;
};

}  // namespace troupe::detail
