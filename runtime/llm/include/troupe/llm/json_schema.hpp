#pragma once

#include "troupe/json.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace troupe::llm {

/// A JSON schema, ready to check values.
///
/// Source: JSON Schema draft 7. Of `format`, "date", "time" and "date-time" are
/// checked, and others say nothing. References lead to places in the schema
/// itself. Keywords that would not be honoured are refused, not ignored. An
/// integer has no fraction, and fits 64 bits. Numbers are compared exactly.
///
/// Patterns are those of ECMA-262 that RE2 can match, in a time that grows with
/// the text only: lookahead, lookbehind, references to groups, and more than
/// 1,000 repetitions are refused.
///
/// A schema has at most 100 levels, 100,000 elements, 4 MiB of text, and 256
/// different patterns, which have 10,000 bytes each and a bound on their sizes
/// together.
///
/// Copies share the schema.
///
/// Thread safety: immutable.
class json_schema {
 public:
  /// The maximum number of elementary steps of a check: to look at a value by
  /// one schema, at a name, at 16 bytes of text. They take well under a second.
  static constexpr std::size_t steps_max = 2'000'000;

  /// Errors: throws a permanent `errc::bad_flow` that names the place, for an
  /// invalid schema, for one that is larger than it may be, and for a keyword
  /// or a pattern that is not supported.
  explicit json_schema(json form);

  /// Returns the mistakes in `value`, as sentences that begin with the place,
  /// 16 of them at most; empty if it fits. Values and names in them are
  /// printable, and cut. A value that is nested deeper than 100 levels does not
  /// fit, nor one that cannot be checked within `steps_max`.
  [[nodiscard]] std::vector<std::string> mistakes_in(const json& value) const;

  [[nodiscard]] const json& form() const& noexcept;
  [[nodiscard]] json form() const&& {
    return static_cast<const json_schema&>(*this).form();
  }

 private:
  struct compiled;
  std::shared_ptr<const compiled> compiled_;
};

/// Mistakes in one text, of 1,000 bytes at most.
[[nodiscard]] std::string joined(const std::vector<std::string>& mistakes);

}  // namespace troupe::llm
