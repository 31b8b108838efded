#pragma once

#include <troupe/http/http.hpp>
#include <troupe/llm/mcp_options.hpp>
#include <troupe/llm/tool.hpp>
#include <troupe/task.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe {
class system;
}

namespace troupe::llm {

namespace detail {
class mcp_core;
}

/// Uses the tools of a server of the Model Context Protocol:
///
///     troupe::llm::mcp_command files;
///     files.program = "mcp-server-filesystem";
///     files.arguments = {"/data"};
///     const troupe::llm::mcp_client server{runtime, files};
///     // in a coroutine:
///     options.tools = troupe::llm::toolbox{co_await server.tools()};
///
/// The server is started and greeted with the first request, and again after a
/// program has ended or a server has lost its session. It is spoken to in the
/// revision 2026-07-28 of the protocol, or in an earlier one if it does not
/// have that; see `mcp::agreement`. What it sends that is no message, for
/// example lines of a log, is passed over; the first of it is in the text of a
/// time-out.
///
/// What a server asks for while it works on a call goes to
/// `mcp_options::on_input` in the revision 2026-07-28; requests of earlier
/// revisions, except pings, are refused. A server may answer a call by a task,
/// which is then asked after as often as the server wants until it has ended.
///
/// A program that has ended is started again by the next request. After three
/// ends in a row, each within ten seconds of its start, that request has to
/// wait for a while: it fails with `retry_after`.
///
/// This is a handle: copies share the server. With the last of them, and of the
/// tools, its program ends: its input is closed, and if it is not gone after a
/// second it is terminated, and after another one killed.
///
/// Errors of all calls: throws `errc::request_failed` where there is no
/// connection, where the program ends, and for an error that the server
/// answers; `errc::unauthorized` and `errc::rate_limited` where it says that
/// over HTTP; `errc::timed_out`; `errc::bad_reply` for what is no answer;
/// `errc::overloaded` at `requests_max`. No text of an error shows what is in
/// `mcp_address::headers`, or a token of `mcp_address::bearer`.
/// Cancellation: the server is told; over HTTP by the end of the connection. A
/// task is cancelled, as long as the client or one of its tools is there to say
/// so.
///
/// Thread safety: immutable; may be used anywhere.
class mcp_client {
 public:
  /// Errors: throws `errc::bad_flow` for options that make no sense.
  mcp_client(system& where, mcp_command server)
      : mcp_client(where, std::move(server), mcp_options{}) {}
  mcp_client(system& where, mcp_command server, mcp_options options);
  mcp_client(system& where, mcp_address server)
      : mcp_client(where, std::move(server), mcp_options{}) {}
  mcp_client(system& where, mcp_address server, mcp_options options);

  /// The tools that the server has now, or had: it may say for how long the
  /// list is to be used again, which it is for 24 hours at most, until the
  /// server tells of a change, and for a list that is not for everybody until
  /// `mcp_address::bearer` gives another token. They live as long as they are
  /// used. In their names '_' stands for what models do not take, they are cut
  /// at 64 characters, and equal ones get a number. Tools that cannot be used,
  /// as they have no name or take no object, are left out.
  /// Errors: throws `errc::bad_reply` for more than 10,000 tools, and where
  /// none can be used.
  [[nodiscard]] task<std::vector<tool>> tools() const;
  /// The next `tools` asks the server.
  void forget_tools() const;
  /// Calls a tool by the server's name for it: the whole result.
  [[nodiscard]] task<json> call(std::string name, json arguments) const;
  /// The same at a place in a trace, instead of that which
  /// `mcp_options::trace_context` gives.
  [[nodiscard]] task<json> call(std::string name, json arguments,
                                mcp_trace_context trace) const;
  /// The revision of the protocol that is spoken.
  [[nodiscard]] task<std::string> revision() const;

 private:
  std::shared_ptr<detail::mcp_core> core_;
};

}  // namespace troupe::llm
