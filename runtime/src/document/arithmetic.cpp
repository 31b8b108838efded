#include "document/arithmetic.hpp"

#include "troupe/error.hpp"

#include <cmath>
#include <utility>

namespace troupe::detail {

namespace {

template <class A, class B>
value exact_sum(A a, B b) {
  std::int64_t narrow = 0;
  if (!__builtin_add_overflow(a, b, &narrow)) return narrow;
  std::uint64_t wide = 0;
  if (!__builtin_add_overflow(a, b, &wide)) return wide;
  throw error{errc::bad_value, "the sum of " + std::to_string(a) + " and " +
                                   std::to_string(b) + " is out of range"};
}

/// The order of a whole number and a double, whose limits as one of its type
/// are powers of two: -1 for below, 1 for above.
template <class Whole>
int order(Whole number, double real, double low, double high) noexcept {
  if (real >= high) return -1;
  if (real < low) return 1;
  const double whole = std::trunc(real);
  const auto same = static_cast<Whole>(whole);
  if (number != same) return number < same ? -1 : 1;
  if (real == whole) return 0;
  return real > whole ? -1 : 1;
}

}  // namespace

// Exact: a double cannot hold each integer.
int arithmetic::order_to_real(const value& integer, double real) noexcept {
  const std::int64_t number = integer.content_.integer;
  return integer.tag_ == value::tag::natural
             ? order(static_cast<std::uint64_t>(number), real, 0, 0x1p64)
             : order(number, real, -0x1p63, 0x1p63);
}

value arithmetic::sum(const value& a, const value& b) {
  using tag = value::tag;
  if (!a.is_integer() || !b.is_integer()) return a.as_real() + b.as_real();
  const std::int64_t first = a.content_.integer;
  const std::int64_t second = b.content_.integer;
  const auto natural_first = static_cast<std::uint64_t>(first);
  const auto natural_second = static_cast<std::uint64_t>(second);
  if (a.tag_ == tag::natural) {
    return b.tag_ == tag::natural ? exact_sum(natural_first, natural_second)
                                  : exact_sum(natural_first, second);
  }
  return b.tag_ == tag::natural ? exact_sum(first, natural_second)
                                : exact_sum(first, second);
}

bool arithmetic::less(const value& a, const value& b) noexcept {
  if (!a.is_integer() && !b.is_integer()) return a.as_real() < b.as_real();
  if (!b.is_integer()) return order_to_real(a, b.as_real()) < 0;
  if (!a.is_integer()) return order_to_real(b, a.as_real()) > 0;
  // A natural is above every signed integer, and keeps its order as one.
  if (a.tag_ != b.tag_) return b.tag_ == value::tag::natural;
  return a.content_.integer < b.content_.integer;
}

bool arithmetic::equal(const value& a, const value& b) noexcept {
  if (!a.is_integer() && !b.is_integer()) return a.as_real() == b.as_real();
  if (!b.is_integer()) return order_to_real(a, b.as_real()) == 0;
  if (!a.is_integer()) return order_to_real(b, a.as_real()) == 0;
  return a.tag_ == b.tag_ && a.content_.integer == b.content_.integer;
}

}  // namespace troupe::detail
