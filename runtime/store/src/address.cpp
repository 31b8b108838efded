#include "troupe/store/address.hpp"

#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <cassert>
#include <charconv>

namespace troupe::detail {

namespace {

[[noreturn]] void refuse_address(std::string_view address) {
  throw error{errc::store_failed,
              "invalid address of a sub-flow: '" +
                  printable(address, line_breaks::joined, 200) + "'"};
}

/// The number that `text` begins with, which is taken from it. A number has one
/// form only, so that addresses can be compared as text.
std::uint64_t take_number(std::string_view& text, std::string_view address) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const auto length = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc{} || (length > 1 && text.front() == '0')) {
    refuse_address(address);
  }
  text.remove_prefix(length);
  return number;
}

}  // namespace

std::string address_within(std::string_view outer, address_part part) {
  std::string made{outer};
  if (!made.empty()) made += '/';
  made += std::to_string(part.step);
  made += '.';
  made += std::to_string(part.item);
  return made;
}

std::vector<address_part> parts_of_address(std::string_view address) {
  std::vector<address_part> made;
  auto rest = address;
  while (!rest.empty()) {
    if (!made.empty()) {
      if (rest.front() != '/') refuse_address(address);
      rest.remove_prefix(1);
    }
    address_part next;
    next.step = take_number(rest, address);
    if (rest.empty() || rest.front() != '.') refuse_address(address);
    rest.remove_prefix(1);
    next.item = take_number(rest, address);
    if (made.size() == address_parts_max) refuse_address(address);
    made.push_back(next);
  }
  return made;
}

std::string_view address_around(std::string_view address) {
  assert(!address.empty());
  const auto last = address.rfind('/');
  return last == address.npos ? std::string_view{} : address.substr(0, last);
}

}  // namespace troupe::detail
