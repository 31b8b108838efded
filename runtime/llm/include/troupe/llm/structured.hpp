#pragma once

#include "troupe/llm/chat.hpp"
#include "troupe/llm/json_schema.hpp"
#include "troupe/llm/schema.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm {

/// The value in a reply that was asked for by a schema. A fence of Markdown
/// around it is passed over.
/// Errors: throws `errc::bad_reply`, so that a retry asks again: for a refusal,
/// for a reply that was cut because it was too long, for what is no JSON, and
/// for what does not fit, with what is wrong with it.
[[nodiscard]] json read_reply(const chat_reply& reply,
                              const json_schema& schema);

/// Returns why `read_reply` throws, where asking again can help; so nothing for
/// a refusal, for a reply that was cut because it was too long, and for one
/// that calls tools.
[[nodiscard]] std::optional<std::string> mistake_in(const chat_reply& reply,
                                                    const json_schema& schema);
/// Adds to a conversation a reply, and the user's words that it has the mistake
/// `why`, so that the model may mend it.
void add_correction(std::vector<message>& conversation, message reply,
                    std::string_view why);

/// For `chat_request::reply_as`: a reply that is a `T`. See `schema_of`.
template <class T>
[[nodiscard]] reply_schema reply_schema_of(std::string name) {
  return {std::move(name), schema_of<T>()};
}

/// The reply as a `T`. Errors: as above.
template <class T>
[[nodiscard]] T read_reply(const chat_reply& reply) {
  static const json_schema schema{schema_of<T>()};
  return read_reply(reply, schema).template get<T>();
}

}  // namespace troupe::llm
