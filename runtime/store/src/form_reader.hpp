#pragma once

#include "troupe/json.hpp"
#include "troupe/store/run_record.hpp"
#include "troupe/store/stored_forms.hpp"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::detail {

/// Reads what a `form_writer` has written, with limits on all of it together:
/// bytes, elements, and parts within parts.
///
/// Errors: all functions throw `errc::bad_value`, a `json::exception`, or what
/// the source of the parts throws.
///
/// Thread safety: confined to one thread.
class form_reader {
 public:
  /// Refers to both as long as it lives.
  form_reader(const stored_text& text, const part_source& parts);

  /// The whole form, in which values of users are not restored yet.
  [[nodiscard]] json read();
  /// The same, an object with no other members than `names`.
  [[nodiscard]] json read_object(std::initializer_list<std::string_view> names);
  [[nodiscard]] value value_of(json form);
  [[nodiscard]] delta writes_of(json form);

 private:
  [[nodiscard]] json parse(std::string_view text);
  void restore(json& form, std::size_t level);
  void restore_object(json& form, std::size_t level);
  void count(std::size_t elements);

  const stored_text& text_;
  const part_source& source_;
  std::unordered_map<std::string_view, const std::string*> parts_;
  std::size_t bytes_left_;
  std::size_t elements_left_;
};

}  // namespace troupe::detail
