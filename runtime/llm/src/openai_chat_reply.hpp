#pragma once

#include "reply_fields.hpp"
#include "troupe/llm/chat_format.hpp"

#include <memory>
#include <string_view>

namespace troupe::llm::detail {

/// A whole reply of OpenAI's chat completions.
[[nodiscard]] chat_reply openai_chat_reply(const reply_fields& from);
[[nodiscard]] std::unique_ptr<reply_builder> openai_chat_builder();

/// The reply of a stream that is all there, for servers that stream what was
/// not to be streamed.
[[nodiscard]] chat_reply built_of(std::string_view body, reply_builder& into);

}  // namespace troupe::llm::detail
