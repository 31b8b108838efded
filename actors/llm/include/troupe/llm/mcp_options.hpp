#pragma once

#include <troupe/clock.hpp>
#include <troupe/http/http_message.hpp>
#include <troupe/llm/mcp_input.hpp>
#include <troupe/llm/mcp_trace.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::llm {

/// A server that is a program, spoken to through its standard input and
/// output.
struct mcp_command {
  /// Looked up as the shell does.
  std::string program = {};
  std::vector<std::string> arguments = {};
  /// Variables of its environment. Besides them it gets those of this process
  /// that programs need to run, and no others, as those may hold keys: PATH,
  /// HOME, USER, LOGNAME, SHELL, TERM, TMPDIR, TZ, LANG, LANGUAGE,
  /// SSL_CERT_FILE, SSL_CERT_DIR, those of locales, as LC_ALL, and those of
  /// folders, as XDG_CONFIG_HOME.
  std::vector<std::pair<std::string, std::string>> environment = {};
  /// Names of more variables that it gets as they are in this process, for
  /// example "NODE_PATH" or "HTTPS_PROXY".
  std::vector<std::string> inherit = {};
  /// Empty: that of this process.
  std::filesystem::path directory = {};
  /// Shows what it writes to standard error on that of this process. Otherwise
  /// the last 500 bytes of it are in the error that tells of its end, without
  /// the contents of variables and arguments whose names say that they are
  /// secret.
  bool shows_errors = false;
};

/// A server that is reached over HTTP.
struct mcp_address {
  std::string url = {};
  /// For example for an authorization.
  std::vector<http_header> headers = {};
  /// Returns the token of the header "Authorization: Bearer ...", which
  /// replaces one in `headers`; an empty token is not sent. It is called before
  /// each request, on the thread that makes it, so it should have the token at
  /// hand and not block. After a 401 it is called once more, and if it returns
  /// another token the request is sent again; the 401 to that is a permanent
  /// `errc::unauthorized`. An exception of it is the outcome of the request.
  /// May be called on several threads at once. Null: no token.
  std::function<std::string()> bearer = {};
};

/// Options of an `mcp_client`.
struct mcp_options {
  /// The time limit of a request, more than zero. A call of a tool may need
  /// several: see `on_input` and `task_limit`.
  duration time_limit = std::chrono::minutes{1};
  /// The maximum number of bytes of a message. At least 1.
  std::size_t message_max = std::size_t{16} << 20;
  /// The maximum number of requests at once. At least 1.
  std::size_t requests_max = 1024;
  /// Put before the names of its tools, to tell those of several servers apart.
  std::string prefix = {};
  /// Answers what a server asks for before it gives the result of a tool, in
  /// the revision 2026-07-28 of the protocol. The time that it takes counts
  /// towards no limit of these options; a node's `timeout` holds. A server may
  /// ask 16 times in one call, each time for 32 things, and have 256 KiB of its
  /// state kept in between. Null: servers are told that nothing can be asked,
  /// and a call fails permanently if one asks all the same.
  mcp_input_callback on_input = {};
  /// The kinds of input that `on_input` answers; servers are told of them. At
  /// least one with `on_input`; ignored without it.
  std::set<mcp_input_kind> inputs = mcp::all_inputs();
  /// The maximum time of a task, by which a server answers a call later; more
  /// than zero. Not counted is the time that `on_input` takes. At the limit the
  /// task is cancelled, and the call throws `errc::timed_out`.
  duration task_limit = std::chrono::hours{1};
  /// Returns the place in a trace of a call, and of the requests of which it
  /// consists; asked once for a call, or a list of tools, on the thread of who
  /// makes it. May be called on several threads at once. Null: none.
  std::function<mcp_trace_context()> trace_context = {};
};

}  // namespace troupe::llm
