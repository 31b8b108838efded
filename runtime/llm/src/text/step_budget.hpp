#pragma once

#include "troupe/error.hpp"

#include <cstddef>
#include <string>

namespace troupe::llm::detail {

/// The number of elementary steps that a check may still take. It counts, as a
/// clock would give other results on other machines.
class step_budget {
 public:
  explicit step_budget(std::size_t most) : most_(most), left_(most) {}

  /// Errors: throws `errc::bad_value` when nothing is left.
  void spend(std::size_t steps) {
    if (steps > left_) refuse();
    left_ -= steps;
  }

 private:
  [[noreturn]] void refuse() const {
    throw error{errc::bad_value, "the value cannot be checked within " +
                                     std::to_string(most_) + " steps"};
  }

  std::size_t most_;
  std::size_t left_;
};

}  // namespace troupe::llm::detail
