#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// A regular expression of ECMA-262 in the words of RE2.
struct re2_pattern {
  std::string text;
  /// About how many characters, and classes of them, a match can be at once.
  std::size_t weight = 0;
};

/// The most that a pattern, and all of a schema, may weigh.
inline constexpr std::size_t pattern_weight_max = 10'000;

/// Source: ECMA-262, 22.2.1, with the flag "u" and what its annex B.1.2 allows
/// besides; inline flags "i" and groups "(?P<name>", which other languages
/// have, are taken as well.
///
/// Errors: throws a permanent `errc::bad_flow` that names what RE2 cannot
/// express: lookahead, lookbehind, and references to groups. Other faults are
/// left for RE2 to find.
[[nodiscard]] re2_pattern translated(std::string_view ecma);

/// Errors: throws the error for `pattern` that says `what` is wrong with it.
[[noreturn]] void refuse_pattern(std::string_view pattern,
                                 const std::string& what);

}  // namespace troupe::llm::detail
