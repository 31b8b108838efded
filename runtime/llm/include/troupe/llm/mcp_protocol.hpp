#pragma once

#include "troupe/json.hpp"
#include "troupe/llm/chat.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// The messages to and from servers of the Model Context Protocol, as values.
///
/// Source: the specification of the protocol, revision 2026-07-28, in which
/// each request says all that the server must know; and for servers that do not
/// have it yet the revisions 2024-10-07 to 2025-11-25, in which a session is
/// opened first.
namespace mcp {

/// The revision that is asked for first.
inline constexpr std::string_view current_revision = "2026-07-28";
/// The last one with sessions.
inline constexpr std::string_view session_revision = "2025-11-25";

/// The protocol revision that was agreed with a server.
struct agreement {
  std::string revision = std::string{current_revision};
  /// True if it wants to be asked with `initialize` before all else.
  bool has_session = false;
  /// True if it tells on a stream of its own that its tools have changed.
  bool tells_changes = false;
};

/// A request. `params` is an object. `capabilities` are those of this client;
/// see `client_capabilities`.
[[nodiscard]] json request(std::uint64_t id, std::string_view method,
                           json params, const agreement& under,
                           const json& capabilities);
[[nodiscard]] json request(std::uint64_t id, std::string_view method,
                           json params, const agreement& under);
/// A message that has no answer.
[[nodiscard]] json notification(std::string_view method, json params);
[[nodiscard]] json notification(std::string_view method);
/// Returns the subject of a request, for those on its way: the tool, the task
/// or the resource. Nothing for a request about nothing of its own.
[[nodiscard]] std::optional<std::string> name_in(const json& request);
/// A text as the value of a header: as it is, or where it could not be one in
/// Base64, marked as the protocol wants it.
[[nodiscard]] std::string header_value(std::string_view text);
/// The params of `subscriptions/listen` for changes of the list of tools.
[[nodiscard]] json listening_params();
/// The params of `initialize`.
[[nodiscard]] json opening_params();

/// Reads the answer to `server/discover` in the current revision; nothing where
/// the server has to be opened as older ones are.
/// Errors: throws a permanent `errc::request_failed`, naming the revisions of
/// both sides, for a server that has only revisions not known here.
[[nodiscard]] std::optional<agreement> agreed_by_discovery(const json& answer);
/// Reads the answer to `initialize`.
/// Errors: as above, and those of `result_in`.
[[nodiscard]] agreement agreed_by_opening(const json& answer);

/// The result in an answer.
/// Errors: throws `errc::request_failed` for an error in it, permanent unless
/// the server failed for a reason of its own; `errc::bad_reply` for what is no
/// answer, and for one of another type than "complete".
[[nodiscard]] json result_in(const json& answer);

// -- what a server sends ------------------------------------------------------

/// The content of a text from a server: a line of a program, a body, an event.
///
/// Text of servers that JSON does not allow is mended: a byte order mark,
/// text that is not UTF-8, half a surrogate pair, a comma behind the last
/// element, and numbers that are none (NaN, Infinity), which become null.
struct server_text {
  /// The messages; those of a batch one by one. Empty for a text that is no
  /// message of the protocol, for example a line of a log.
  std::vector<json> messages;
  /// The reason why an answer cannot be read, for example that it nests too
  /// deeply. Empty where the text looks like none.
  std::string fault;
  /// The request that this answer is to, as far as that shows.
  std::optional<std::uint64_t> answered;
};
[[nodiscard]] server_text read_text(std::string_view text,
                                    std::size_t bytes_max);

/// The answer that a text is which lacks the members that would make it a
/// message: an object with "result" or "error", or what has to be the result of
/// the request `method`. Only for a text that can be about nothing else, as the
/// response to that request.
[[nodiscard]] std::optional<json> bare_answer(std::string_view text,
                                              std::string_view method,
                                              std::size_t bytes_max);

/// A message from a server that is no answer.
struct server_message {
  std::string method;
  /// The answer to send, if it is a request.
  std::optional<json> answer;
};

/// Returns whether `message` is an answer, to whatever request.
[[nodiscard]] bool is_answer(const json& message);
/// The answered request, if `message` is an answer. Ids are the same if their
/// values are: 1, 1.0 and "1".
[[nodiscard]] std::optional<std::uint64_t> answered_id(const json& message);
/// Returns whether `message` is an error about a request that the server could
/// not read, and so does not name.
[[nodiscard]] bool is_failure_of_unknown(const json& message);
/// A message that is no answer: a request or a notification. A ping is
/// answered, other requests are refused. Nothing for what is neither.
[[nodiscard]] std::optional<server_message> message_in(const json& message);

/// Returns whether a response to a request with a session id says that the
/// server does not know the session, so that it has not looked at the request:
/// status 404; 400 or 409 with a text about sessions or one of the codes -32000
/// and -32001, 409 also without a text; or another refusal whose text says that
/// the session is gone.
[[nodiscard]] bool denies_session(int status, std::string_view body);
/// True if a text says that a session is not known, is over, or never began.
[[nodiscard]] bool says_session_is_lost(std::string_view text);
/// True if an answer with a good status says so, with a code for that.
[[nodiscard]] bool denies_session(const json& answer);
/// The address of the description of who may use a server, which a header
/// WWW-Authenticate names (RFC 9728); empty where there is none, or it is none
/// of a web page.
[[nodiscard]] std::string resource_metadata_in(std::string_view challenge);

// -- tools --------------------------------------------------------------------

/// A page of the list of tools.
struct tool_page {
  std::vector<tool_spec> tools;
  /// The beginning of the next page; empty after the last one.
  std::string next;
  /// Tools that cannot be used, which are not among `tools`: they have no name,
  /// one that is too long, a schema that takes no object, or one with
  /// invalid annotations for headers; see `mirrors_in`.
  std::size_t left_out = 0;
  /// The reason why the first of them is left out.
  std::string first_reason;
};
/// A tool without a schema takes an object of any kind.
/// Errors: throws `errc::bad_reply` for what is no list.
[[nodiscard]] tool_page tools_in(const json& result);

/// Gives the tools of a list the names that models are told: '_' stands for
/// what models do not take, names are cut at 64 characters, and those that are
/// there already get a number: t, t_2, t_3.
///
/// Thread safety: confined to one actor or task.
class tool_names {
 public:
  [[nodiscard]] std::string offered(std::string name);

 private:
  std::set<std::string> taken_;
  /// The last number that was given to names that begin so.
  std::map<std::string, std::size_t> numbers_;
};

/// Returns the result of a tool as text for a model: its texts, and a word for
/// each part that is not text.
/// Errors: throws `errc::request_failed` with that text, 64 KiB at most, where
/// the tool says that it failed; `errc::bad_reply` for what is no result.
[[nodiscard]] std::string text_in(const json& result);

}  // namespace mcp
}  // namespace troupe::llm
