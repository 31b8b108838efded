#include "text/exact_number.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace troupe::llm::detail {

namespace {

constexpr double above_64_bits = 0x1p64;

/// An integer of up to 64 bits and a sign. Zero is not negative.
struct whole {
  bool is_negative = false;
  std::uint64_t size = 0;
};

std::strong_ordering order_of_wholes(const whole& one, const whole& other) {
  if (one.is_negative != other.is_negative) {
    return one.is_negative ? std::strong_ordering::less
                           : std::strong_ordering::greater;
  }
  return one.is_negative ? other.size <=> one.size : one.size <=> other.size;
}

whole whole_of_integer(const json& number) {
  if (number.is_number_unsigned()) return {false, number.get<std::uint64_t>()};
  const auto value = number.get<std::int64_t>();
  const auto bits = static_cast<std::uint64_t>(value);
  return {value < 0, value < 0 ? 0 - bits : bits};
}

/// `value` has no fraction, and less than 65 bits.
whole whole_of_real(double value) {
  return {value < 0, static_cast<std::uint64_t>(std::fabs(value))};
}

std::partial_ordering order_with_real(const whole& one, double other) {
  if (std::isnan(other)) return std::partial_ordering::unordered;
  if (std::fabs(other) >= above_64_bits) return 0 <=> other;
  const double rough = std::trunc(other);
  const auto order = order_of_wholes(one, whole_of_real(rough));
  if (order != std::strong_ordering::equal) return order;
  return rough <=> other;
}

/// `digits` times ten to the power of `exponent`.
struct decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

/// `value` is finite.
decimal decimal_of_real(double value) {
  char text[40];
  const auto end =
      std::to_chars(std::begin(text), std::end(text), std::fabs(value),
                    std::chars_format::scientific)
          .ptr;
  decimal made;
  bool is_behind_point = false;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      is_behind_point = true;
      continue;
    }
    made.digits = made.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (is_behind_point) --made.exponent;
  }
  int power = 0;
  // A plus sign is no part of what is read.
  at += end - at > 1 && at[1] == '+' ? 2 : 1;
  std::from_chars(at, end, power);
  made.exponent += power;
  return made;
}

decimal decimal_of(const json& number) {
  if (number.is_number_float()) return decimal_of_real(number.get<double>());
  return {whole_of_integer(number).size, 0};
}

/// Divides `of` by `factor` as often as it can; returns the number of times.
int take_factor(std::uint64_t& of, std::uint64_t factor) {
  int count = 0;
  for (; of % factor == 0; of /= factor) ++count;
  return count;
}

void append_whole(const whole& number, std::string& into) {
  if (number.is_negative) into += '-';
  into += std::to_string(number.size);
}

}  // namespace

std::partial_ordering order_of(const json& one, const json& other) noexcept {
  if (!other.is_number_float()) {
    const auto right = whole_of_integer(other);
    if (!one.is_number_float()) {
      return order_of_wholes(whole_of_integer(one), right);
    }
    return 0 <=> order_with_real(right, one.get<double>());
  }
  if (one.is_number_float()) return one.get<double>() <=> other.get<double>();
  return order_with_real(whole_of_integer(one), other.get<double>());
}

bool is_whole(const json& number) noexcept {
  if (number.is_number_integer()) return true;
  if (!number.is_number_float()) return false;
  const auto value = number.get<double>();
  return std::fabs(value) < 0x1p63 && std::trunc(value) == value;
}

bool is_multiple(const json& number, const json& divisor) {
  for (const json* each : {&number, &divisor}) {
    if (each->is_number_float() && !std::isfinite(each->get<double>())) {
      return false;
    }
  }
  auto [digits, exponent] = decimal_of(number);
  auto [divided_by, other_exponent] = decimal_of(divisor);
  if (digits == 0 || divided_by == 0) return digits == 0;
  // Digits have at most 20 places, so this ends soon.
  int power = exponent - other_exponent;
  for (; power < 0; ++power) {
    if (digits % 10 != 0) return false;
    digits /= 10;
  }
  // The power of ten must have the factors of the divisor that the digits lack.
  divided_by /= std::gcd(digits, divided_by);
  const bool has_twos = take_factor(divided_by, 2) <= power;
  const bool has_fives = take_factor(divided_by, 5) <= power;
  return has_twos && has_fives && divided_by == 1;
}

void append_exact(const json& number, std::string& into) {
  if (!number.is_number_float()) {
    append_whole(whole_of_integer(number), into);
    return;
  }
  const auto value = number.get<double>();
  if (std::fabs(value) < above_64_bits && std::trunc(value) == value) {
    append_whole(whole_of_real(value), into);
    return;
  }
  char text[40];
  const auto end = std::to_chars(std::begin(text), std::end(text), value,
                                 std::chars_format::scientific)
                       .ptr;
  into.append(text, end);
}

}  // namespace troupe::llm::detail
