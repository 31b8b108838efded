#pragma once

#include "troupe/detail/value/value_iterator.hpp"

#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

namespace troupe {

/// The members of an object, as they were when it was made: what is written
/// meanwhile does not show.
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
    explicit iterator(value_iterator at) noexcept : at_{std::move(at)} {}
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
      : first_{std::move(first)}, last_{std::move(last)} {}
  [[nodiscard]] iterator begin() const noexcept { return first_; }
  [[nodiscard]] iterator end() const noexcept { return last_; }

 private:
  iterator first_;
  iterator last_;
};

}  // namespace troupe
