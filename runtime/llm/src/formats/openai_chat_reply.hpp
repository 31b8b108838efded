#pragma once

#include "replies/reply_fields.hpp"
#include "troupe/llm/chat_format.hpp"

#include <memory>

namespace troupe::llm::detail {

/// A whole reply of OpenAI's chat completions.
[[nodiscard]] chat_reply openai_chat_reply(const reply_fields& from);
[[nodiscard]] std::unique_ptr<reply_builder> openai_chat_builder();

}  // namespace troupe::llm::detail
