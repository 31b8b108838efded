#pragma once

#include "replies/reply_fields.hpp"
#include "troupe/llm/chat_format.hpp"

#include <memory>

namespace troupe::llm::detail {

/// A whole reply of Anthropic's messages.
[[nodiscard]] chat_reply anthropic_reply(const reply_fields& from);
[[nodiscard]] std::unique_ptr<reply_builder> anthropic_builder();

/// A call as a block of a message.
[[nodiscard]] json anthropic_block_of(const tool_call& from);
/// The blocks of a message of the model as they came, with what the user has
/// changed in it since; see `server_content`.
[[nodiscard]] json anthropic_blocks_of(const message& from,
                                       const json& as_they_came);

}  // namespace troupe::llm::detail
