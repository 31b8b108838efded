#pragma once

#include "troupe/delta.hpp"
#include "troupe/value.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// Keeps a delta canonical while it is written.
///
/// Only places are noted for what is set or appended: the document holds what
/// is there in the end, and is read when the recording ends. So a write to a
/// place that is noted already costs one look.
class recorder {
 public:
  /// Notes a write to `pointer` that is about to happen in `document`. The
  /// operand is a number to combine, or how many elements are appended.
  /// Errors: errc::bad_value when a sum is out of range; nothing is noted.
  void note(const value& document, delta::kind what, std::string pointer,
            const value& operand);
  /// Takes the noted writes, with their operands from `document`.
  [[nodiscard]] std::vector<delta::operation> take(const value& document);

 private:
  using operation = delta::operation;

  [[nodiscard]] operation* find(std::string_view pointer);
  [[nodiscard]] bool lies_within_noted(const value& document,
                                       std::string_view pointer);
  void combine(operation& noted, delta::kind what, const value& operand);
  void drop_below(const std::string& pointer);

  std::vector<operation> operations_;
  // Places in the order of their text, which puts what lies below a place
  // behind it. Made when there are too many operations to look at each.
  std::unique_ptr<std::map<std::string, std::size_t, std::less<>>> index_;
};

}  // namespace troupe::detail
