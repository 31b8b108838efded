#pragma once

// The templates and ranges of <troupe/value.hpp>; include that one.

#include "troupe/value.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace troupe {

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

/// The members of an object. Lives as long as the value it came from.
class member_range {
 public:
  struct member {
    std::string_view key;
    const value& item;
  };
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = member;
    using difference_type = std::ptrdiff_t;
    using reference = member;
    using pointer = void;

    iterator() noexcept = default;
    explicit iterator(value_iterator at) noexcept : at_{at} {}
    member operator*() const noexcept { return {at_.key(), *at_}; }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    iterator operator++(int) noexcept { return iterator{at_++}; }
    friend bool operator==(const iterator&, const iterator&) noexcept = default;

   private:
    value_iterator at_;
  };

  member_range(value_iterator first, value_iterator last) noexcept
      : first_{first}, last_{last} {}
  [[nodiscard]] iterator begin() const noexcept { return first_; }
  [[nodiscard]] iterator end() const noexcept { return last_; }

 private:
  iterator first_;
  iterator last_;
};

template <class T>
  requires(json_readable<T> || detail::one_of<T, value, std::string_view>)
T value::get()
const {
  using limits = std::numeric_limits<T>;
  if constexpr (std::same_as<T, value>) {
    return *this;
  } else if constexpr (std::same_as<T, json>) {
    return to_json();
  } else if constexpr (std::same_as<T, bool>) {
    return as_bool();
  } else if constexpr (std::integral<T> && sizeof(T) <= sizeof(int)) {
    const std::int64_t number = content_.integer;
    if (tag_ == tag::integer && number >= limits::min() &&
        number <= limits::max()) {
      return static_cast<T>(number);
    }
    return static_cast<T>(as_integer(limits::min(), limits::max()));
  } else if constexpr (std::unsigned_integral<T>) {
    return static_cast<T>(as_natural(limits::max()));
  } else if constexpr (std::integral<T>) {
    return static_cast<T>(as_integer(limits::min(), limits::max()));
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(as_real());
  } else if constexpr (detail::one_of<T, std::string, std::string_view>) {
    return T(as_text());
  } else {
    try {
      return to_json().template get<T>();
    } catch (const json::exception& why) {
      refuse(why.what());
    }
  }
}

}  // namespace troupe
