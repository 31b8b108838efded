#pragma once

#include <troupe/clock.hpp>
#include <troupe/llm/http.hpp>
#include <troupe/llm/tool.hpp>
#include <troupe/system.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::llm {

namespace detail {
class mcp_core;
}

/// A server that is a program, spoken to through its standard input and
/// output.
struct mcp_command {
  /// Looked for where the shell would.
  std::string program = {};
  std::vector<std::string> arguments = {};
  /// Variables of its environment. Besides them it gets those of this process
  /// that programs need to run, and no others, as they may hold keys that are
  /// none of its business: PATH, HOME, USER, LOGNAME, SHELL, TERM, TMPDIR, TZ,
  /// LANG, LANGUAGE, LC_*, XDG_*, SSL_CERT_FILE and SSL_CERT_DIR.
  std::vector<std::pair<std::string, std::string>> environment = {};
  /// Names of more variables that it gets as they are in this process, for
  /// example "NODE_PATH" or "HTTPS_PROXY".
  std::vector<std::string> inherit = {};
  /// Empty: that of this process.
  std::filesystem::path directory = {};
  /// Whether what it writes to standard error is shown on that of this process.
  bool shows_errors = false;
};

/// A server that is reached over HTTP.
struct mcp_address {
  std::string url = {};
  /// For example for an authorization.
  std::vector<http_header> headers = {};
};

/// What an `mcp_client` is made with.
struct mcp_options {
  /// A request may take this long, more than zero.
  duration time_limit = std::chrono::minutes{1};
  /// The most bytes of a message. At least 1.
  std::size_t message_max = std::size_t{16} << 20;
  /// Requests at once. At least 1.
  std::size_t requests_max = 1024;
  /// Put before the names of its tools, to tell those of several servers apart.
  std::string prefix = {};
};

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
/// have that; see `mcp::agreement`. Requests of the server, except pings, are
/// refused. What it sends that is no message, for example lines of a log, is
/// passed over; the first of it is in the text of a time-out.
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
/// `mcp_address::headers`.
/// Cancellation: the server is told; over HTTP by the end of the connection.
///
/// Thread safety: immutable; may be used anywhere.
class mcp_client {
 public:
  /// Errors: throws `errc::bad_flow` for options that make no sense.
  mcp_client(system& where, mcp_command server, mcp_options options = {});
  mcp_client(system& where, mcp_address server, mcp_options options = {});

  /// The tools that the server has now. They live as long as they are used. In
  /// their names '_' stands for what models do not take, they are cut at 64
  /// characters, and equal ones get a number. Tools that cannot be used, as
  /// they have no name or take no object, are left out. Errors: throws
  /// `errc::bad_reply` for more than 10,000 tools, and where none can be used.
  [[nodiscard]] task<std::vector<tool>> tools() const;
  /// Calls a tool by the server's name for it: the whole result.
  [[nodiscard]] task<json> call(std::string name, json arguments) const;
  /// The revision of the protocol that is spoken.
  [[nodiscard]] task<std::string> revision() const;

 private:
  std::shared_ptr<detail::mcp_core> core_;
};

}  // namespace troupe::llm
