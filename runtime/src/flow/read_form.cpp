#include "troupe/detail/value/read_form.hpp"

#include "troupe/json_text.hpp"

#include <cmath>

namespace troupe::detail {

void refuse_form(const json& form, std::string_view wanted) {
  std::string found = form.type_name();
  if (form.is_number_float()) {
    found = std::to_string(form.get<double>());
  } else if (form.is_number()) {
    found = write_json(form);
  }
  throw error{errc::wrong_type, "wanted " + std::string{wanted} +
                                    " from another process, found " + found};
}

std::uint64_t whole_number_from(const json& form, std::int64_t low,
                                std::uint64_t high) {
  if (form.is_number_unsigned()) {
    const auto number = form.get<std::uint64_t>();
    if (number <= high) return number;
  } else if (form.is_number_integer()) {
    const auto number = form.get<std::int64_t>();
    const auto wide = static_cast<std::uint64_t>(number);
    if (number >= 0 ? wide <= high : number >= low) return wide;
  } else if (form.is_number_float()) {
    const auto number = form.get<double>();
    // Both bounds are powers of two, which a double holds exactly.
    const bool is_whole = std::trunc(number) == number;
    if (is_whole && number >= 0 && number < 0x1p64 &&
        static_cast<std::uint64_t>(number) <= high) {
      return static_cast<std::uint64_t>(number);
    }
    if (is_whole && number < 0 && number >= -0x1p63 &&
        static_cast<std::int64_t>(number) >= low) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
    }
  }
  refuse_form(form, "an integer from " + std::to_string(low) + " to " +
                        std::to_string(high));
}

double real_number_from(const json& form, double most) {
  if (!form.is_number()) refuse_form(form, "a number");
  const auto number = form.get<double>();
  if (std::isfinite(number) && std::abs(number) > most) {
    refuse_form(form, "a smaller number");
  }
  return number;
}

void check_depth(const json& form) {
  constexpr auto any_number = std::numeric_limits<std::size_t>::max();
  if (is_within(form, {any_number, json_bounds{}.depth, any_number})) return;
  throw error{errc::bad_value, "JSON for another process nests deeper than " +
                                   std::to_string(json_bounds{}.depth) +
                                   " levels"}
      .permanent();
}

}  // namespace troupe::detail
