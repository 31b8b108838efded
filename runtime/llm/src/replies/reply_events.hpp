#pragma once

#include "troupe/http/sse.hpp"
#include "troupe/json.hpp"
#include "troupe/llm/chat_format.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm::detail {

/// A body without the byte order mark, the blanks and the comments of a stream
/// that it begins with, by which servers keep a connection alive until they
/// have a reply of whatever kind.
[[nodiscard]] std::string_view without_comments(std::string_view body);

/// True if a body that is to be JSON is a stream: of events, of JSON in lines,
/// or of the elements of a list.
[[nodiscard]] bool is_stream(std::string_view body);
/// The data of the first event of such a body, if it has one.
[[nodiscard]] std::optional<std::string> first_data(std::string_view body);
/// The JSON of a whole reply to a chat, also where that is the only element of
/// a list.
/// Errors: as `reply_in_body`.
[[nodiscard]] json whole_reply_in(std::string_view body);
/// The reply in such a body.
[[nodiscard]] chat_reply built_of(std::string_view body, reply_builder& into);

/// True if this is how servers of OpenAI's kind end a stream: "[DONE]".
[[nodiscard]] bool ends_stream(const sse_event& event);
/// The JSON of an event, an object or a list; nothing for a heartbeat, and for
/// what is neither a part of a reply nor an error.
/// Errors: as `reply_in_body`. An event of the type "error" is one whatever it
/// has.
[[nodiscard]] std::optional<json> reply_in_event(const sse_event& event);

/// The events in one that has several, as a server leaves out the blank lines
/// between them, or makes a list of them.
[[nodiscard]] std::vector<sse_event> events_in(const sse_event& event);
/// A builder that gives such events one by one to `into`.
[[nodiscard]] std::unique_ptr<reply_builder> taking_apart(
    std::unique_ptr<reply_builder> into);

}  // namespace troupe::llm::detail
