#pragma once

#include "troupe/llm/chat.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe::llm {

/// Returns the approximate number of tokens of messages: one for each four
/// bytes, as is usual for English; 1,000 for an image.
[[nodiscard]] std::uint64_t token_estimate(std::span<const message> messages);

/// The parts of a conversation, by positions.
struct history_parts {
  /// The beginning of what may be folded, after the system messages.
  std::size_t old = 0;
  /// The beginning of what stays as it is.
  std::size_t recent = 0;
};

/// Returns the messages of a conversation that may be folded into a summary, so
/// that about `kept` stay. The rest does not begin with the result of a tool,
/// which would be without its call.
[[nodiscard]] history_parts parts_of(std::span<const message> messages,
                                     std::size_t kept);

/// A conversation as text, a paragraph for each message, for a model to
/// summarise.
[[nodiscard]] std::string transcript(std::span<const message> messages);

}  // namespace troupe::llm
