#include "document/target.hpp"

#include <cstring>

namespace troupe::detail {

namespace {

std::uint64_t prefix_of(std::string_view name) noexcept {
  constexpr std::size_t whole = sizeof(std::uint64_t);
  std::uint64_t prefix = 0;
  if (name.size() >= whole) {
    unsigned char bytes[whole];
    std::memcpy(bytes, name.data(), whole);
    for (const unsigned char byte : bytes) prefix = prefix << 8 | byte;
    return prefix;
  }
  for (const char byte : name) {
    prefix = prefix << 8 | static_cast<unsigned char>(byte);
  }
  return name.empty() ? 0 : prefix << 8 * (whole - name.size());
}

}  // namespace

target target::of(std::string_view name) noexcept {
  return {name, prefix_of(name), 0, true};
}

}  // namespace troupe::detail
