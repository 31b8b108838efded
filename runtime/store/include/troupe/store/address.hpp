#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// A part of the address of a sub-flow: the step at which a fan-out began it,
/// and the item that it is for.
struct address_part {
  std::uint64_t step = 0;
  std::uint64_t item = 0;

  friend bool operator==(const address_part&, const address_part&) = default;
};

/// The maximum number of parts: fan-outs within fan-outs.
inline constexpr std::size_t address_parts_max = 1'024;

/// Returns the address of the sub-flow of `part` within the flow at `outer`.
[[nodiscard]] std::string address_within(std::string_view outer,
                                         address_part part);
/// Returns the parts of an address, outermost first; none for that of a run.
/// Errors: throws `errc::store_failed` for what is no address.
[[nodiscard]] std::vector<address_part> parts_of_address(
    std::string_view address);
/// Returns the address around the last part of `address`. @pre it has a part
[[nodiscard]] std::string_view address_around(std::string_view address);

}  // namespace troupe::detail
