#pragma once

#include "troupe/detail/value/value_storage.hpp"

#include <cstddef>
#include <iterator>
#include <string_view>

namespace troupe {

class value;

namespace detail {
struct tree;
}

/// A place in an array or object. It shares the content of that, so it and
/// what it shows live on, as they were, whatever is written meanwhile.
///
/// Thread safety: confined to one actor or task.
class value_iterator : private detail::value_storage {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = value;
  using difference_type = std::ptrdiff_t;
  using reference = const value&;
  using pointer = const value*;

  value_iterator() noexcept = default;

  const value& operator*() const noexcept;
  const value* operator->() const noexcept { return &**this; }
  /// The key of this place in an object.
  [[nodiscard]] std::string_view key() const noexcept;
  value_iterator& operator++() noexcept;
  value_iterator operator++(int) noexcept {
    value_iterator before{*this};
    ++*this;
    return before;
  }
  friend bool operator==(const value_iterator& a,
                         const value_iterator& b) noexcept {
    return a.position_ == b.position_;
  }

 private:
  friend class value;
  value_iterator(const value_storage& container, std::size_t position) noexcept;

  const detail::tree* leaf_ = nullptr;
  std::size_t position_ = 0;
  std::size_t slot_ = 0;
};

}  // namespace troupe
