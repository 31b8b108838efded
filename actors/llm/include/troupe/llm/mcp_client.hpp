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

/// A client of a server of the Model Context Protocol, for its tools:
///
///     troupe::llm::mcp_command files;
///     files.program = "mcp-server-filesystem";
///     files.arguments = {"/data"};
///     const troupe::llm::mcp_client server{runtime, files};
///     // in a coroutine:
///     options.tools = troupe::llm::toolbox{co_await server.tools()};
///
/// The server is started and greeted with the first request, and again after a
/// program has ended or a server has lost its session. The client speaks the
/// revision 2026-07-28 of the protocol, or an earlier one if the server does
/// not have that; see `mcp::agreement`. Output that is not a message, for
/// example lines of a log, is skipped; its beginning is in the text of a
/// time-out.
///
/// Inputs that a server asks for during a call go to `mcp_options::on_input` in
/// the revision 2026-07-28; requests of earlier revisions, except pings, are
/// refused. A server may answer a call with a task, which the client then polls
/// as often as the server wants until it has ended.
///
/// A program that has ended is started again by the next request. After three
/// ends in a row, each within ten seconds of its start, that request has to
/// wait for a while: it fails with `retry_after`.
///
/// This is a handle: copies share the server. With the last of them, and of the
/// tools, its program ends: its input is closed, and if it is not gone after a
/// second it is terminated, and after another one killed.
///
/// Errors of all calls: throws `errc::request_failed` if there is no
/// connection, if the program ends, and for an error that the server answers;
/// `errc::unauthorized` and `errc::rate_limited` if it says so over HTTP;
/// `errc::timed_out`; `errc::bad_reply` for an invalid answer;
/// `errc::overloaded` at `requests_max`. No text of an error shows what is in
/// `mcp_address::headers`, or a token of `mcp_address::bearer`.
/// Cancellation: the server is told; over HTTP by the end of the connection. A
/// task is cancelled, as long as the client or one of its tools is there to say
/// so.
///
/// Thread safety: immutable.
class mcp_client {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options.
  mcp_client(system& where, mcp_command server)
      : mcp_client(where, std::move(server), mcp_options{}) {}
  mcp_client(system& where, mcp_command server, mcp_options options);
  mcp_client(system& where, mcp_address server)
      : mcp_client(where, std::move(server), mcp_options{}) {}
  mcp_client(system& where, mcp_address server, mcp_options options);

  /// Returns the tools of the server, now or recently: the list is kept for as
  /// long as the server says, but for 24 hours at most, until the server tells
  /// of a change, and, if it is not for everybody, until `mcp_address::bearer`
  /// returns another token. The tools live as long as they are used. In their
  /// names '_' replaces characters that models do not accept, they are cut at
  /// 64 characters, and equal ones get a number. Tools without a name, or that
  /// take no object, are left out.
  /// Errors: throws `errc::bad_reply` for more than 10,000 tools, and if none
  /// can be used.
  [[nodiscard]] task<std::vector<tool>> tools() const;
  /// Makes the next `tools` ask the server.
  void forget_tools() const;
  /// Calls a tool by the server's name for it. Returns the whole result.
  [[nodiscard]] task<json> call(std::string name, json arguments) const;
  /// The same at a place in a trace, instead of that which
  /// `mcp_options::trace_context` gives.
  [[nodiscard]] task<json> call(std::string name, json arguments,
                                mcp_trace_context trace) const;
  /// Returns the protocol revision in use.
  [[nodiscard]] task<std::string> revision() const;

 private:
  std::shared_ptr<detail::mcp_core> core_;
};

}  // namespace troupe::llm
