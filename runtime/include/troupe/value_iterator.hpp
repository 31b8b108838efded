#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace troupe {

class value;

namespace detail {
struct tree;
}

/// A place in an array or object. Lives as long as the value it came from.
///
/// Thread safety: confined to one actor or task.
class value_iterator {
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
  value_iterator(const detail::tree* root, std::size_t position) noexcept;

  const detail::tree* root_ = nullptr;
  const detail::tree* leaf_ = nullptr;
  std::size_t position_ = 0;
  std::size_t slot_ = 0;
};

}  // namespace troupe
