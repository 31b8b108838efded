#include "wire/name_rule.hpp"

#include "wire/peer_limits.hpp"
#include "wire/row_reader.hpp"

#include <troupe/error.hpp>
#include <troupe/printable.hpp>

namespace troupe::remote {

bool is_name(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && printable(text) == text;
}

void check_name(const std::string& what, std::string_view text) {
  if (is_name(text, peer_limits::name_bytes)) return;
  throw error{errc::bad_value,
              "invalid name of " + what + ", '" +
                  printable(text, line_breaks::joined, 40) + "' of " +
                  std::to_string(text.size()) + " bytes: give at most " +
                  std::to_string(peer_limits::name_bytes) +
                  " bytes of UTF-8 without control characters"};
}

namespace wire {

std::string name_in(cbor_reader& from, const char* what) {
  const auto place = std::string{"the name of "} + what;
  auto text = from.text_within(peer_limits::name_bytes, place.c_str());
  if (is_name(text, peer_limits::name_bytes)) return text;
  throw error{errc::bad_value, place + ", '" + printable(text) +
                                   "', contains control characters"};
}

}  // namespace wire

}  // namespace troupe::remote
