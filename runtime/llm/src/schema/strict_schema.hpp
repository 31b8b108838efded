#pragma once

#include "troupe/json.hpp"

namespace troupe::llm::detail {

/// A schema as OpenAI's servers want it.
struct openai_schema {
  json form;
  /// True if the server can be held to it.
  bool is_strict = false;
};

/// The server can be held to schemas whose objects allow no other members and
/// require all they have, in words that it knows; a member that may be left out
/// is required then, if null fits it as well. Any other schema is sent as it
/// is.
///
/// Source: OpenAI's guide, "Structured outputs", "Supported schemas".
[[nodiscard]] openai_schema openai_schema_of(const json& schema);

/// A schema as Anthropic's servers want it: without bounds of numbers and
/// lengths, which they refuse. The reply is checked against those here.
///
/// Source: Anthropic's guide, "Structured outputs", "JSON Schema limitations".
[[nodiscard]] json anthropic_schema_of(const json& schema);

}  // namespace troupe::llm::detail
