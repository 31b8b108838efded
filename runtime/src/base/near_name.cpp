#include "troupe/detail/text/near_name.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <string>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t name_max = 64;

std::string folded_name(std::string_view text) {
  std::string made{text};
  for (char& each : made) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    if (each == '-' || each == ' ') each = '_';
  }
  return made;
}

/// Returns the number of changes that make `b` of `a`.
/// @pre neither has more than `name_max` bytes
std::size_t changes_between(std::string_view a, std::string_view b) {
  assert(a.size() <= name_max && b.size() <= name_max);
  // Of the prefixes of b: for the prefix of a two back, one back, and now.
  using row = std::array<std::size_t, name_max + 1>;
  row two_back{};
  row before{};
  row now{};
  for (std::size_t j = 0; j <= b.size(); ++j) before[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({before[j] + 1, now[j - 1] + 1, before[j - 1] + other});
      const bool swapped =
          i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], two_back[j - 2] + 1);
    }
    two_back = std::exchange(before, now);
  }
  return before[b.size()];
}

}  // namespace

std::optional<std::string_view> near_name(
    std::string_view written, std::span<const std::string_view> names) {
  if (written.size() > name_max) return std::nullopt;
  const auto wanted = folded_name(written);
  std::optional<std::string_view> best;
  std::size_t fewest = 0;
  for (const auto name : names) {
    if (name.size() > name_max || name == written) continue;
    const auto shorter = std::min(name.size(), written.size());
    const std::size_t most = shorter < 3 ? 0 : shorter < 5 ? 1 : 2;
    const auto changes = changes_between(wanted, folded_name(name));
    if (changes > most || (best && changes >= fewest)) continue;
    best = name;
    fewest = changes;
  }
  return best;
}

}  // namespace troupe::detail
