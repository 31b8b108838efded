#pragma once

#include "troupe/json.hpp"
#include "troupe/llm/chat.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// What is said to servers of the Model Context Protocol, and what they answer,
/// as values.
///
/// Source: the specification of the protocol, revision 2026-07-28, in which
/// each request says all that the server must know; and for servers that do not
/// have it yet the revisions 2024-11-05 to 2025-11-25, in which a session is
/// opened first.
namespace mcp {

/// The revision that is asked for first.
inline constexpr std::string_view current_revision = "2026-07-28";
/// The last one with sessions.
inline constexpr std::string_view session_revision = "2025-11-25";

/// How a server is spoken to.
struct agreement {
  std::string revision = std::string{current_revision};
  /// Whether it wants to be asked with `initialize` before all else.
  bool has_session = false;
};

/// A request. `params` is an object.
[[nodiscard]] json request(std::uint64_t id, std::string_view method,
                           json params, const agreement& under);
/// A message that has no answer.
[[nodiscard]] json notification(std::string_view method,
                                json params = json::object());
/// The params of `initialize`.
[[nodiscard]] json opening_params();

/// What the answer to `server/discover` in the current revision says, or
/// nothing where the server has to be opened as older ones are.
/// Errors: throws a permanent `errc::request_failed`, naming the revisions of
/// both sides, for a server that has only revisions not known here.
[[nodiscard]] std::optional<agreement> agreed_by_discovery(const json& answer);
/// What the answer to `initialize` says.
/// Errors: as above, and those of `result_in`.
[[nodiscard]] agreement agreed_by_opening(const json& answer);

/// The result in an answer.
/// Errors: throws `errc::request_failed` for an error in it, permanent unless
/// the server failed for a reason of its own; `errc::bad_reply` for what is no
/// answer, and for a server that wants to ask back, which is not supported.
[[nodiscard]] json result_in(const json& answer);

/// A message from a server that is no answer.
struct server_message {
  std::string method;
  /// What is to be answered, if it is a request.
  std::optional<json> answer;
};

/// The answered request, if `message` is an answer.
[[nodiscard]] std::optional<std::uint64_t> answered_id(const json& message);
/// A message that is no answer. A ping is answered, other requests are refused.
/// Errors: throws `errc::bad_reply` for what is no message.
[[nodiscard]] server_message message_in(const json& message);

/// A page of the list of tools.
struct tool_page {
  std::vector<tool_spec> tools;
  /// Where the next page begins; empty after the last one.
  std::string next;
};
/// Errors: throws `errc::bad_reply` for what is none, with the place.
[[nodiscard]] tool_page tools_in(const json& result);

/// What a tool gave, as text for a model: its texts, and a word for what is no
/// text.
/// Errors: throws `errc::request_failed` with that text where the tool says
/// that it failed; `errc::bad_reply` for what is no result.
[[nodiscard]] std::string text_in(const json& result);

}  // namespace mcp
}  // namespace troupe::llm
