#pragma once

#include <troupe/printable.hpp>

#include <charconv>
#include <string>
#include <system_error>

namespace troupe_tool {

/// The fault of `text` as a number of seconds from 0.1 to 3600, or
/// nothing. CLI11 takes "nan", which is in any range, for a number.
[[nodiscard]] inline std::string fault_of_seconds(const std::string& text) {
  constexpr double least = 0.1;
  constexpr double most = 3600;
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, seconds);
  const bool is_number = fault == std::errc{} && stop == end;
  if (is_number && seconds >= least && seconds <= most) return {};
  return "must be a number of seconds from 0.1 to 3600, not '" +
         troupe::printable(text) + "'";
}

}  // namespace troupe_tool
