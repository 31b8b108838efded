#pragma once

#include "replies/reply_fields.hpp"
#include "troupe/llm/chat_format.hpp"

#include <memory>
#include <string>

namespace troupe::llm::detail {

/// A whole reply of OpenAI's responses.
[[nodiscard]] chat_reply responses_reply(const reply_fields& from);
[[nodiscard]] std::unique_ptr<reply_builder> responses_builder();

/// The text of the messages among the items of a reply.
[[nodiscard]] std::string text_of_items(const json& items);
/// The id of an item that is a call, which its result has to carry.
[[nodiscard]] std::string id_of_call(const reply_fields& item);
/// Returns whether a server takes these items back as they came. One that
/// stores nothing finds no reasoning whose content is not in the item, and
/// refuses what came of it without it.
[[nodiscard]] bool may_go_back(const json& items, bool is_stored);

}  // namespace troupe::llm::detail
