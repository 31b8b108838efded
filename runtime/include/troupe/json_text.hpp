#pragma once

#include "troupe/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Limits on JSON from outside of the process. JSON within them can be copied,
/// compared, dumped and destroyed without running out of stack.
struct json_bounds {
  /// The maximum number of bytes of text.
  std::size_t bytes = std::size_t{64} << 20;
  /// The maximum depth of lists and objects; the depth that a `value` may have.
  std::size_t depth = 512;
  /// The maximum number of elements of lists and members of objects together.
  /// Each takes about 100 bytes of memory.
  std::size_t elements = 2'000'000;
};

/// Parses JSON from outside of the process. Everything from servers, programs,
/// workers, files and the environment is parsed here.
///
/// Limits are checked in a scan of the text, before anything is allocated.
///
/// Errors: throws `errc::bad_value`, whose text says what is wrong, and at
/// which byte.
[[nodiscard]] json read_json(std::string_view text, const json_bounds& limits);
[[nodiscard]] json read_json(std::string_view text);
/// The same, or nothing where `read_json` would throw.
[[nodiscard]] std::optional<json> try_read_json(std::string_view text,
                                                const json_bounds& limits);
[[nodiscard]] std::optional<json> try_read_json(std::string_view text);

/// Returns the position behind the object or the list that a text begins with,
/// after blanks; nothing if it begins with neither. The text behind it does not
/// matter. Nothing is stored, so there are no limits.
[[nodiscard]] std::optional<std::size_t> end_of_json(std::string_view text);

/// True if JSON that was made in this process is within `depth` and `elements`.
[[nodiscard]] bool is_within(const json& form, const json_bounds& limits);

/// A choice for text that is not UTF-8.
enum class bad_text : std::uint8_t { refused, replaced };

/// Returns JSON as text, in one line.
/// Errors: throws a permanent `errc::bad_value` for text that is not UTF-8 if
/// that is refused, and for JSON that nests deeper than `json_bounds::depth`.
[[nodiscard]] std::string write_json(const json& form,
                                     bad_text how = bad_text::refused);

}  // namespace troupe
