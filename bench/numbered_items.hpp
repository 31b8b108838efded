#pragma once

#include <troupe/value.hpp>

#include <cstddef>
#include <optional>

namespace troupe::bench {

/// The items of a batch, made one by one: {"i": 0}, {"i": 1}, ...
class numbered_items {
 public:
  explicit numbered_items(std::size_t count) : count_(count) {}

  std::optional<value> operator()() {
    if (next_ == count_) return std::nullopt;
    return value::object({{"i", next_++}});
  }

 private:
  std::size_t count_;
  std::size_t next_ = 0;
};

}  // namespace troupe::bench
