#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace troupe {

/// A choice for line feeds in shown text.
enum class line_breaks : std::uint8_t {
  /// Each becomes a space.
  joined,
  /// Line feeds and tabs stay.
  kept,
};

/// Text from outside of the process, safe for a terminal or a log: control
/// characters (C0 and C1, an escape sequence thus becomes plain text), and
/// those that change the direction of writing, are replaced by U+FFFD, as is
/// what is not UTF-8. Text with more than `bytes_max` bytes is cut between two
/// characters and ends in "...".
[[nodiscard]] std::string printable(
    std::string_view text, line_breaks how = line_breaks::joined,
    std::size_t bytes_max = std::numeric_limits<std::size_t>::max());

/// True if `bytes` is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;
/// `bytes` with U+FFFD in the place of each sequence that is not UTF-8.
[[nodiscard]] std::string as_utf8(std::string_view bytes);
/// `text` cut between two characters to `bytes_max` bytes, with "..." behind
/// where something is missing.
[[nodiscard]] std::string cut(std::string_view text, std::size_t bytes_max);

}  // namespace troupe
