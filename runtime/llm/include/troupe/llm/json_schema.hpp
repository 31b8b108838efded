#pragma once

#include "troupe/json.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::llm {

/// A JSON schema, ready to check values.
///
/// Source: JSON Schema draft 7. Of `format`, "date", "time" and "date-time" are
/// checked, and others say nothing. References lead to places in the schema
/// itself. What would not be honoured is refused, not passed over.
///
/// Copies share the schema.
///
/// Thread safety: immutable; may be used anywhere.
class json_schema {
 public:
  /// Errors: throws a permanent `errc::bad_flow` that names the place, for a
  /// schema that is none, a keyword that is not known, and one that is nested
  /// deeper than 100 levels.
  explicit json_schema(json form);

  /// How `value` does not fit, as sentences that begin with the place, 16 of
  /// them at most; empty if it fits. A value that is nested deeper than 100
  /// levels does not fit, nor a text of more than 10,000 bytes where the schema
  /// has patterns.
  [[nodiscard]] std::vector<std::string> mistakes_in(const json& value) const;

  [[nodiscard]] const json& form() const noexcept;

 private:
  struct compiled;
  std::shared_ptr<const compiled> compiled_;
};

/// Mistakes in one text, of 1,000 bytes at most.
[[nodiscard]] std::string joined(const std::vector<std::string>& mistakes);

}  // namespace troupe::llm
